import { shown } from '../../util/option-kinds.ts'

const standardMethods = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
])
// Without the flag `u`, by which other letters than those of ASCII would do.
const inAnyCase = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE)$/i

/**
 * The standard methods in upper case, as `fetch` has it; others as they are: methods are case-sensitive
 * (RFC 9110 §9.1).
 *
 * @throws TypeError for what is no string
 */
export function methodFrom(given: string): string {
  if (given === 'GET' || standardMethods.has(given)) return given
  if (typeof given !== 'string') {
    throw new TypeError(`Cannot send method ${shown(given)}: expected a string`)
  }
  return inAnyCase.test(given) ? given.toUpperCase() : given
}
