import type { Inspector } from '../call/first-attempt.ts'
import type { ClientMiddleware } from '../session-options.ts'

const inspectors = new WeakMap<ClientMiddleware, Inspector>()

/**
 * Marks a middleware of our own that passes each request on as it is, before it waits for anything, and
 * hands on what its inspector accepts as it is.
 */
export function inspected(middleware: ClientMiddleware, inspector: Inspector): ClientMiddleware {
  inspectors.set(middleware, inspector)
  return middleware
}

/** The inspector of a middleware, if that has one. */
export function inspectorOf(middleware: ClientMiddleware | undefined): Inspector | undefined {
  return middleware && inspectors.get(middleware)
}
