/** What may be sent as a message, and how a source becomes the fragments of one. */
import { show } from '../../concurrency/scope/arguments.ts'

/** A message: text, bytes, or a source of either, which is sent as it comes. */
export type WebSocketData =
  | string
  | Uint8Array
  | ArrayBufferView
  | ArrayBuffer
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>

type Parts = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

interface Fragment {
  readonly data: string | Uint8Array
  readonly fin: boolean
}

export function isFragments(data: WebSocketData): data is Parts {
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return false
  return Symbol.asyncIterator in data || Symbol.iterator in data
}

/** @throws TypeError for what is no message */
export function bytesOf(data: Uint8Array | ArrayBufferView | ArrayBuffer): Uint8Array {
  if (data instanceof Uint8Array) return data
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  throw new TypeError(
    `Cannot send ${show(data)}: expected a string, bytes, or an iterable of one of them; see sendJson() for values`,
  )
}

/**
 * The fragments of one message: the last one is marked, and empty parts are left out.
 *
 * @throws TypeError for a part that is of another kind than those before
 */
export async function* fragmentsOf(parts: Parts): AsyncGenerator<Fragment, void, undefined> {
  let kept: string | Uint8Array | undefined
  // Half of a character, which UTF-16 has in two pieces and UTF-8 has not.
  let half = ''
  let text: boolean | undefined
  for await (const part of parts) {
    const isText = typeof part === 'string'
    if (text !== undefined && text !== isText) {
      throw new TypeError('Cannot send a message of both text and bytes')
    }
    text = isText
    let next = isText ? half + part : bytesOf(part)
    if (typeof next === 'string') {
      half = /[\uD800-\uDBFF]$/.test(next) ? next.slice(-1) : ''
      if (half !== '') next = next.slice(0, -1)
    }
    if (next.length === 0) continue
    if (kept !== undefined) yield { data: kept, fin: false }
    kept = next
  }
  if (half !== '') kept = typeof kept === 'string' ? kept + half : half
  yield { data: kept ?? (text === false ? new Uint8Array(0) : ''), fin: true }
}
