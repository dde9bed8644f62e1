// The middleware that repeats, with nothing to repeat: the way through middlewares, in short.
import { obeyAsSpool } from '../spool-session.ts'
import { load } from '../spool-module.ts'

const { retry } = await load('client')
await obeyAsSpool({ middleware: [retry()] })
