/**
 * The framing: classes of the `ws` package, as far as they are used here. It is loaded with the first
 * WebSocket, since it costs a program without one as much as all the rest of the server.
 */
import { outsideScopes } from '../../../concurrency/scope/context.ts'
import { closeCodes } from '../close-code.ts'

const text = 1

/** Who is told what a `Receiver` has read. */
export interface ReceiverListener {
  received(data: Buffer, binary: boolean): void
  pinged(data: Buffer): void
  ponged(data: Buffer): void
  concluded(code: number, reason: Buffer): void
}

/** Makes messages of bytes. A `Writable`, of which only the one method is called that takes a chunk. */
export interface Receiver {
  /** Calls back when the chunk is used up, at once unless something of it has to be inflated. */
  _write(chunk: Uint8Array, encoding: string, taken: (error?: Error | null) => void): void
  /** To be set before the first chunk. */
  listener: ReceiverListener | undefined
}

/** What of the inside of a `Receiver` is needed here; its version is pinned, and the tests hold it. */
interface BaseReceiver {
  readonly _fin: boolean
  readonly _opcode: number
  readonly _fragments: readonly Uint8Array[]
  emit(event: string, data: unknown, more: unknown): boolean
  /** A fragment has come. */
  dataMessage(failed: (error: Error) => void): void
  createError(
    type: ErrorConstructor,
    message: string,
    prefix: boolean,
    closeCode: number,
    code: string,
  ): Error
}

/** All of it is said, since what is left out is not limited. */
interface ReceiverOptions {
  readonly isServer: boolean
  readonly allowSynchronousEvents: boolean
  readonly binaryType: 'nodebuffer'
  readonly extensions: Record<string, unknown>
  readonly maxBufferedChunks: number
  readonly maxFragments: number
  readonly maxPayload: number
  readonly skipUTF8Validation: boolean
}

/** What a `Sender` takes for a socket. */
export interface SenderSocket {
  readonly destroyed: boolean
  cork(): void
  uncork(): void
  write(data: Uint8Array | string, written?: (error?: Error) => void): unknown
}

interface FrameOptions {
  readonly fin: boolean
  readonly mask: boolean
  readonly opcode: number
  readonly readOnly: boolean
  readonly rsv1: boolean
}

interface SendOptions {
  readonly binary: boolean
  readonly compress: boolean
  readonly fin: boolean
  readonly mask: boolean
}

type Sent = (error?: Error) => void

/** Makes frames of messages, in order, also while it deflates. */
export interface Sender {
  send(data: Uint8Array | string, options: SendOptions, sent?: Sent): void
  ping(data: Uint8Array | string, mask: boolean, sent?: Sent): void
  pong(data: Uint8Array | string, mask: boolean, sent?: Sent): void
  close(code: number | undefined, reason: string, mask: boolean, sent?: Sent): void
}

interface DeflateOptions {
  readonly isServer: boolean
  readonly maxPayload: number
  readonly threshold: number
  readonly concurrencyLimit: number
  readonly zlibDeflateOptions: { readonly level: number }
}

type Converted = (error: Error | null, data: Buffer) => void

/** The extension of RFC 7692. */
export interface PerMessageDeflate {
  /** What was agreed on. */
  params: Record<string, number | true>
  decompress(data: Uint8Array, fin: boolean, callback: Converted): void
  compress(data: Uint8Array | string, fin: boolean, callback: Converted): void
  cleanup(): void
}

export interface Codec {
  readonly Receiver: new (options: ReceiverOptions) => Receiver
  readonly Sender: {
    new (socket: SenderSocket, extensions: Record<string, unknown>): Sender
    frame(data: Uint8Array | string, options: FrameOptions): (Uint8Array | string)[]
  }
  readonly PerMessageDeflate: new (options: DeflateOptions) => PerMessageDeflate
  readonly extension: { parse(header: string): Record<string, Record<string, (string | true)[]>[]> }
  readonly subprotocol: { parse(header: string): Set<string> }
}

let loading: Promise<Codec> | undefined

/** Loads it, once. */
export function loadCodec(): Promise<Codec> {
  return (loading ??= outsideScopes(load))
}

async function load(): Promise<Codec> {
  const ws = (await import('ws')) as unknown as Codec
  const { Sender, PerMessageDeflate, extension, subprotocol } = ws
  return { Receiver: tellingOne(ws.Receiver), Sender, PerMessageDeflate, extension, subprotocol }
}

/**
 * Its events go straight to one listener: four listeners a connection, and the way to them, are saved. And
 * text is looked at fragment by fragment, where `ws` looks at whole messages: a peer that sends what is
 * no UTF-8 is told so when it does, and not when it is through (RFC 6455 §8.1).
 */
function tellingOne(Base: Codec['Receiver']): Codec['Receiver'] {
  class TellingReceiver extends (Base as unknown as new (options: object) => BaseReceiver) {
    listener: ReceiverListener | undefined = undefined
    // Of a message that comes in fragments: what they are so far, and how many.
    #decoder: InstanceType<typeof TextDecoder> | undefined = undefined
    #decoded = 0

    override emit(event: string, data: unknown, more: unknown): boolean {
      const { listener } = this
      if (event === 'message') listener?.received(data as Buffer, more as boolean)
      else if (event === 'ping') listener?.pinged(data as Buffer)
      else if (event === 'pong') listener?.ponged(data as Buffer)
      else if (event === 'conclude') listener?.concluded(data as number, more as Buffer)
      return true
    }

    override dataMessage(failed: (error: Error) => void): void {
      if (this._fin) this.#decoder = undefined
      else if (this._opcode === text && !this.#isUTF8()) {
        const reason = 'invalid UTF-8 sequence'
        failed(this.createError(Error, reason, true, closeCodes.invalidData, 'WS_ERR_INVALID_UTF8'))
        return
      }
      super.dataMessage(failed)
    }

    #isUTF8(): boolean {
      const fragments = this._fragments
      if (this.#decoder === undefined) {
        this.#decoder = new TextDecoder('utf-8', { fatal: true })
        this.#decoded = 0
      }
      try {
        // An empty one is not among them.
        while (this.#decoded < fragments.length) {
          this.#decoder.decode(fragments[this.#decoded++], { stream: true })
        }
        return true
      } catch {
        return false
      }
    }
  }
  return TellingReceiver as unknown as Codec['Receiver']
}
