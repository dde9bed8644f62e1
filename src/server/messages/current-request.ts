import { currentScope, type Scope } from '../../concurrency/scope/scope.ts'
import { RequestScope } from '../connection/request-scope.ts'
import type { ServerRequest } from './server-request.ts'

/** The request whose handler, or a task of it, runs this code; undefined outside of all. */
export function currentRequest(): ServerRequest | undefined {
  let scope: Scope | undefined = currentScope()
  while (scope !== undefined && !(scope instanceof RequestScope)) scope = scope.parent
  return scope?.request
}
