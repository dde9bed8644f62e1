/**
 * Conditional requests (RFC 9110 §13): whether what the client has, or believes to have, still holds.
 *
 * A condition that can't be read is left out of account, as the RFC says of each of them; dates count
 * to the second.
 */
import type { HeaderFields } from '../header-fields.ts'
import {
  type EntityTag,
  matchesStrongly,
  matchesWeakly,
  parseEntityTag,
  parseEntityTags,
} from './entity-tag.ts'
import { parseHTTPTime } from './http-time.ts'

/** The state of a resource, as far as it is known. */
export interface ResourceState {
  /** As sent in `ETag`. */
  readonly etag?: string | undefined
  /** In milliseconds since 1970. */
  readonly lastModified?: number | undefined
  /** Whether there is anything: what `*` asks for. Default true. */
  readonly exists?: boolean
}

/** To go on; the client has it already (304); or its condition does not hold (412). */
export type PreconditionResult = 'proceed' | 'not-modified' | 'failed'

/** Evaluates the conditions of a request in the order of RFC 9110 §13.2.2, `If-Range` aside. */
export function evaluatePreconditions(
  method: string,
  headers: HeaderFields,
  state: ResourceState,
): PreconditionResult {
  const reads = method === 'GET' || method === 'HEAD'
  const current = state.etag === undefined ? undefined : parseEntityTag(state.etag)
  const seconds = state.lastModified === undefined ? undefined : wholeSeconds(state.lastModified)
  const exists = state.exists ?? true

  const ifMatch = headers.get('if-match')
  if (ifMatch !== null) {
    if (!hasMatch(ifMatch, current, exists, matchesStrongly)) return 'failed'
  } else {
    const since = timeIn(headers, 'if-unmodified-since')
    if (since !== undefined && seconds !== undefined && seconds > since) return 'failed'
  }

  const ifNoneMatch = headers.get('if-none-match')
  if (ifNoneMatch !== null) {
    if (hasMatch(ifNoneMatch, current, exists, matchesWeakly)) {
      return reads ? 'not-modified' : 'failed'
    }
  } else if (reads) {
    const since = timeIn(headers, 'if-modified-since')
    if (since !== undefined && seconds !== undefined && seconds <= since) return 'not-modified'
  }
  return 'proceed'
}

/**
 * Whether a `Range` is to be honoured (RFC 9110 §13.1.5): there is no `If-Range`, or it names this very
 * state. A weak tag never does, and a date only if it is exactly the one that was sent.
 */
export function rangeApplies(headers: HeaderFields, state: ResourceState): boolean {
  const condition = headers.get('if-range')
  if (condition === null) return true
  const tag = parseEntityTag(condition)
  if (tag !== undefined) {
    const current = state.etag === undefined ? undefined : parseEntityTag(state.etag)
    return current !== undefined && matchesStrongly(tag, current)
  }
  const since = parseHTTPTime(condition)
  return (
    since !== undefined &&
    state.lastModified !== undefined &&
    wholeSeconds(state.lastModified) === since
  )
}

function hasMatch(
  condition: string,
  current: EntityTag | undefined,
  exists: boolean,
  matches: (one: EntityTag, other: EntityTag) => boolean,
): boolean {
  const tags = parseEntityTags(condition)
  if (tags === '*') return exists
  return current !== undefined && exists && tags.some((tag) => matches(tag, current))
}

function timeIn(headers: HeaderFields, name: string): number | undefined {
  const value = headers.get(name)
  return value === null ? undefined : parseHTTPTime(value)
}

function wholeSeconds(time: number): number {
  return Math.floor(time / 1_000) * 1_000
}
