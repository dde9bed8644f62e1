import { compose } from '../../http/middleware.ts'
import { Passing } from '../call/passing.ts'
import type { Sending } from '../call/sending.ts'
import type { ClientMiddleware } from '../session-options.ts'
import { inspectorOf } from './inspected.ts'
import { releasing } from './releasing.ts'

/** `direct`, through these middlewares, the first of them outermost. */
export function sendingThrough(middlewares: readonly ClientMiddleware[], direct: Sending): Sending {
  const innermost = middlewares.at(-1)
  if (innermost === undefined) return direct
  const inspector = inspectorOf(innermost)
  if (inspector === undefined) return through(middlewares, direct)
  // It runs only if there is a reason to, whatever is around it.
  const inspected = { ...through([innermost], direct), inspector }
  return middlewares.length === 1 ? inspected : through(middlewares.slice(0, -1), inspected)
}

function through(middlewares: readonly ClientMiddleware[], sending: Sending): Sending {
  const middleware = compose(middlewares.map(releasing), new Passing(sending).pass)
  return { ...sending, middleware, inspector: undefined }
}
