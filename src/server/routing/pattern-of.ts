import { RequestScope } from '../connection/request-scope.ts'
import type { ServerRequest } from '../messages/server-request.ts'

/** The pattern of the route that a request took; undefined if none matched. */
export function patternOf({ scope }: ServerRequest): string | undefined {
  return scope instanceof RequestScope ? scope.destination.pattern : undefined
}
