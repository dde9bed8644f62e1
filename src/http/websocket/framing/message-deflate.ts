/**
 * The compression of one connection: what was agreed on, and the zlib contexts until nobody works with
 * them any more. Closed while one of them is at work, `ws` would never tell that work's end.
 */
import type { Codec, PerMessageDeflate } from './codec.ts'
import type { WebSocketSettings } from '../websocket-options.ts'

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
  readonly extension: PerMessageDeflate
  #running = 0
  #closed = false

  constructor(
    codec: Codec,
    agreement: DeflateAgreement,
    isServer: boolean,
    settings: WebSocketSettings,
  ) {
    const { threshold = Infinity, level = 1 } = settings.compression ?? {}
    this.agreement = agreement
    this.threshold = agreement.compresses ? threshold : Infinity
    this.extension = new codec.PerMessageDeflate({
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

  /** Something is compressed or inflated, until `done()`. */
  begin(): void {
    this.#running++
  }

  done(): void {
    this.#running--
    if (this.#closed && this.#running === 0) this.extension.cleanup()
  }

  /** Gives the contexts back, as soon as nothing runs. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#running === 0) this.extension.cleanup()
  }
}
