// A middleware of one's own that does nothing: it runs around each request.
import { obeyAsSpool } from '../spool-session.ts'

await obeyAsSpool({ middleware: [(request, next) => next(request)] })
