// One cookie goes with each request.
import { obeyAsSpool } from '../spool-session.ts'

await obeyAsSpool({ cookies: true }, (session, port) => {
  session.cookies?.set('session=0123456789abcdef; Path=/', `http://127.0.0.1:${port}/`)
})
