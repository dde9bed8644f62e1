import { type BodySource, IncomingBody } from '../../http/incoming-body.ts'
import type { ResponseHead } from '../../wire/http1/messages.ts'
import type { RequestSettings } from '../request/request-options.ts'
import type { BodyDecoder } from './body-decoder.ts'
import type { BodyReceiver } from './body-receiver.ts'
import { DownloadProgress } from './download-progress.ts'
import type { Exchange } from './exchange.ts'

/** Leads the body of a response to `target`: through its decoder, and past whoever counts. */
export function connectBody(
  exchange: Exchange,
  head: ResponseHead,
  decoder: BodyDecoder | undefined,
  target: BodyReceiver,
  settings: RequestSettings,
): void {
  let receiver = target
  if (decoder === undefined) exchange.maxSize = settings.maxResponseSize
  else {
    decoder.target = target
    receiver = decoder.first
  }
  const tell = settings.onDownloadProgress
  if (tell !== undefined) {
    const total = head.framing === 'length' ? head.contentLength : undefined
    receiver = new DownloadProgress(receiver, tell, total, (error) => exchange.abort(error))
  }
  exchange.receiver = receiver
}

// Nobody is to be told.
const nobody: BodySource = { pause() {}, resume() {}, abandon() {} }

/** In the place of a body that a collector has taken. */
export function takenBody(): IncomingBody {
  const body = new IncomingBody(nobody)
  body.abandon()
  return body
}
