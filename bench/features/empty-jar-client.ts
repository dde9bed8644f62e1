// A jar that nobody has put anything into.
import { obeyAsSpool } from '../spool-session.ts'

await obeyAsSpool({ cookies: true })
