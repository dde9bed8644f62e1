// A cookie, the middleware that repeats, and somebody who listens.
import { load } from '../spool-module.ts'
import { obeyAsSpool } from '../spool-session.ts'
import { listen } from './listen.ts'

const { retry } = await load('client')
listen()
await obeyAsSpool({ cookies: true, middleware: [retry()] }, (session, port) => {
  session.cookies?.set('session=0123456789abcdef; Path=/', `http://127.0.0.1:${port}/`)
})
