/** Several methods of one resource in one object, or in a class that is made for each request. */
import { show } from '../../concurrency/scope/arguments.ts'
import type { Params, ServerRequest } from '../messages/server-request.ts'
import type { Handler } from './route.ts'

const viewMethods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'] as const

/** Handlers by the names of their methods, in lower case. */
export type View<P extends Params = Params> = {
  readonly [Method in (typeof viewMethods)[number]]?: Handler<P>
}

/** A class whose instances are views: one is made for each request, with the request. */
export type ViewClass<P extends Params = Params> = new (request: ServerRequest<P>) => View<P>

/** The handlers of a view by method, in upper case. Throws TypeError if it has none. */
export function viewHandlers<P extends Params>(
  view: View<P> | ViewClass<P>,
  pattern: string,
): [method: string, handler: Handler<P>][] {
  if (typeof view !== 'function' && (typeof view !== 'object' || view === null)) {
    throw new TypeError(
      `Cannot add view "${pattern}": expected an object or a class, got ${show(view)}`,
    )
  }
  const isClass = typeof view === 'function'
  const methods: Partial<Record<string, unknown>> = isClass
    ? (view as unknown as { readonly prototype: object }).prototype
    : view
  const found = viewMethods.flatMap((name): [string, Handler<P>][] => {
    if (typeof methods[name] !== 'function') return []
    const handler: Handler<P> = isClass
      ? (request) => call(new view(request), name, request)
      : (request) => call(view, name, request)
    return [[name.toUpperCase(), handler]]
  })
  if (found.length > 0) return found
  throw new TypeError(
    `Cannot add view "${pattern}": it has none of the methods ${viewMethods.join(', ')}`,
  )
}

function call<P extends Params>(
  view: View<P>,
  name: (typeof viewMethods)[number],
  request: ServerRequest<P>,
): ReturnType<Handler<P>> {
  // Called on the view, so that methods can use `this`.
  return (view[name] as Handler<P>).call(view, request)
}
