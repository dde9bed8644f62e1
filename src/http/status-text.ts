import { reasonPhrases } from '../wire/http1/writing/reason-phrases.ts'

/** The reason phrase of a status; empty for one that is not registered (RFC 9112 §4 allows that). */
export function statusText(status: number): string {
  return reasonPhrases[status] ?? ''
}
