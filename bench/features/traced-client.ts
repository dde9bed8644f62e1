import { obeyAsSpool } from '../spool-session.ts'
import { listen } from './listen.ts'

listen()
await obeyAsSpool()
