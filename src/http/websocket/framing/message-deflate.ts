/**
 * The compression of one connection: what was agreed on, and the zlib contexts until nobody works with
 * them any more. Closed while one of them is at work, `ws` would never tell that work's end.
 */
import { outsideScopes } from '../../../concurrency/scope/context.ts'
import { ProtocolError } from '../../../wire/errors.ts'
import { closeCodes } from '../close-code.ts'
import type { WebSocketSettings } from '../websocket-options.ts'
import type { DeflateExtension, PerMessageDeflate } from './deflate-extension.ts'

/** What both ends agreed on, as seen from this one. */
export interface DeflateAgreement {
  readonly windowBits: number
  readonly peerWindowBits: number
  readonly contextTakeover: boolean
  readonly peerContextTakeover: boolean
  /** False if the peer asks for a window that zlib can't compress with: then we send everything as it is. */
  readonly compresses: boolean
}

// Of all connections together: more at once only fragments the memory (nodejs/node#8871).
const concurrency = 10

export class MessageDeflate {
  readonly agreement: DeflateAgreement
  /** Messages of fewer bytes go as they are. */
  readonly threshold: number
  /** @internal */
  readonly extension: PerMessageDeflate
  readonly #maxMessageSize: number
  #running = 0
  #closed = false

  constructor(
    PerMessageDeflate: DeflateExtension,
    agreement: DeflateAgreement,
    isServer: boolean,
    settings: WebSocketSettings,
  ) {
    const { threshold = Infinity, level = 1 } = settings.compression ?? {}
    this.agreement = agreement
    this.threshold = agreement.compresses ? threshold : Infinity
    this.#maxMessageSize = settings.maxMessageSize
    this.extension = new PerMessageDeflate({
      isServer,
      maxPayload: settings.maxMessageSize,
      // What is to be compressed was decided before.
      threshold: 0,
      concurrencyLimit: concurrency,
      zlibDeflateOptions: { level },
    })
    const [own, peer] = isServer ? ['server', 'client'] : ['client', 'server']
    this.extension.params = {
      [`${own}_max_window_bits`]: agreement.windowBits,
      [`${peer}_max_window_bits`]: agreement.peerWindowBits,
      ...(agreement.contextTakeover ? {} : { [`${own}_no_context_takeover`]: true as const }),
      ...(agreement.peerContextTakeover ? {} : { [`${peer}_no_context_takeover`]: true as const }),
    }
  }

  /** Compresses a message, or with `fin` false a fragment of one. One at a time. */
  compress(data: Uint8Array | string, fin: boolean, done: (data: Uint8Array) => void): void {
    this.#running++
    // zlib's contexts, and its queue, are shared by all who send: they must not keep one of them.
    outsideScopes(() =>
      this.extension.compress(data, fin, (_, compressed) => {
        this.#done()
        done(compressed)
      }),
    )
  }

  /** Inflates what a frame holds; or says what is wrong with it. One at a time. */
  inflate(
    data: Uint8Array,
    fin: boolean,
    done: (result: Uint8Array | ProtocolError) => void,
  ): void {
    this.#running++
    outsideScopes(() =>
      this.extension.decompress(data, fin, (error, inflated) => {
        this.#done()
        done(error === null ? inflated : this.#faultOf(error))
      }),
    )
  }

  /** Gives the contexts back, as soon as nothing runs. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#running === 0) this.extension.cleanup()
  }

  #done(): void {
    this.#running--
    if (this.#closed && this.#running === 0) this.extension.cleanup()
  }

  #faultOf(cause: Error): ProtocolError {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      const message = `A compressed message can't be inflated: ${cause.message}`
      return new ProtocolError('remote', message, { closeCode: closeCodes.invalidData, cause })
    }
    const message = `A message has more than ${this.#maxMessageSize} bytes when it is inflated`
    return new ProtocolError('remote', message, { closeCode: closeCodes.tooLarge })
  }
}
