import type { Scope } from '../../concurrency/scope/scope.ts'

/** The scope itself, or the nearest around it that has not ended: a region that ends hands over. */
export function openScope(scope: Scope): Scope {
  let open = scope
  while (open.over && open.parent !== undefined) open = open.parent
  return open
}
