import { FileSource } from '../io/files/file-source.ts'

/** Whatever a message can carry. Strings are sent as UTF-8. */
export type BodyInput =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Iterable<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>
  | ReadableStream<Uint8Array | string>
  | FileSource

type Whole = string | Uint8Array | ArrayBuffer | Blob | null

/** Whether all of a body is there: to send it runs no code of others. */
export function isWhole(body: BodyInput | null): body is Whole {
  return (
    body === null ||
    typeof body === 'string' ||
    body instanceof Uint8Array ||
    body instanceof ArrayBuffer ||
    body instanceof Blob
  )
}

/** Chunks of a body in the order in which they are sent. */
export type BodyChunks = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>

/**
 * A body as the writers take it: all at once, or in chunks. `length` is in bytes. `replayable`:
 * whether it can be sent a second time, as a redirect or a retry wants.
 */
export type OutgoingBody =
  | {
      readonly kind: 'text'
      readonly text: string
      readonly length: number
      /** Whether each character is one byte, so that it may be written as latin1 with the head. */
      readonly ascii: boolean
      readonly replayable: true
    }
  | {
      readonly kind: 'bytes'
      readonly bytes: Uint8Array
      readonly length: number
      readonly replayable: true
    }
  | {
      readonly kind: 'stream'
      readonly chunks: BodyChunks
      /** Undefined if it is not known before the end. */
      readonly length: number | undefined
      readonly replayable: boolean
    }

/** Tells what kind of body `input` is; reads nothing of it. Throws TypeError for what is none. */
export function outgoingBody(input: BodyInput): OutgoingBody {
  if (typeof input === 'string') return textBody(input)
  if (input instanceof Uint8Array) return bytesBody(input)
  if (input instanceof ArrayBuffer) return bytesBody(new Uint8Array(input))
  if (ArrayBuffer.isView(input)) {
    return bytesBody(new Uint8Array(input.buffer, input.byteOffset, input.byteLength))
  }
  // They are iterable, but what they give are no chunks.
  const given: unknown = input
  if (given instanceof URLSearchParams) {
    throw new TypeError('Cannot send URLSearchParams as a body: give them as "form"')
  }
  if (given instanceof FormData) {
    throw new TypeError('Cannot send a FormData as it is: make a Multipart of it')
  }
  if (input instanceof Blob) {
    const chunks = { [Symbol.asyncIterator]: () => input.stream()[Symbol.asyncIterator]() }
    return { kind: 'stream', chunks, length: input.size, replayable: true }
  }
  if (input instanceof FileSource) {
    return { kind: 'stream', chunks: input, length: input.size, replayable: true }
  }
  if (typeof input === 'object' && input !== null) {
    if (Symbol.asyncIterator in input) {
      return { kind: 'stream', chunks: input, length: undefined, replayable: false }
    }
    if (Symbol.iterator in input) {
      // An iterator gives itself, and only once.
      const replayable = Array.isArray(input)
      return { kind: 'stream', chunks: input, length: undefined, replayable }
    }
  }
  throw new TypeError(
    `Invalid body of type ${describe(input)}: expected a string, bytes, a Blob or an iterable of chunks`,
  )
}

function textBody(text: string): OutgoingBody {
  const length = Buffer.byteLength(text)
  return { kind: 'text', text, length, ascii: length === text.length, replayable: true }
}

function bytesBody(bytes: Uint8Array): OutgoingBody {
  return { kind: 'bytes', bytes, length: bytes.byteLength, replayable: true }
}

function describe(input: unknown): string {
  if (input === null) return 'null'
  return typeof input === 'object' ? (input.constructor?.name ?? 'object') : typeof input
}
