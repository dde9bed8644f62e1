/**
 * Who wants to hear of the response to one request: just before it is sent, whoever made it, and when
 * it is out. Made when the first one asks; a request that nobody asks about has none.
 */
import { pipeChunks, readChunks } from '../../http/chunk-source.ts'
import type { BodyChunks } from '../../http/outgoing-body.ts'
import type { ServerResponse } from './server-response.ts'

/** How a request came to its end. */
export interface RequestEnd {
  /** What was answered; undefined if the client had left before. */
  readonly response: ServerResponse | undefined
  /** Bytes of the body that were handed over to be sent, before any transfer coding. */
  readonly bytes: number
  /** Whether all of the response was handed over. */
  readonly complete: boolean
}

/** Changes a response before it is sent. Must not wait. */
export type ResponseHook = (response: ServerResponse) => void
/** Told of the end of a request. Must not wait. */
export type EndHook = (end: RequestEnd) => void

export class RequestHooks {
  readonly #responseHooks: ResponseHook[] = []
  readonly #endHooks: EndHook[] = []
  #response: ServerResponse | undefined = undefined
  #bytes = 0
  #complete = false

  onResponse(hook: ResponseHook): void {
    this.#responseHooks.push(hook)
  }

  onEnd(hook: EndHook): void {
    this.#endHooks.push(hook)
  }

  /** The last response that this is called with is the one. Each hook is called once. */
  prepare(response: ServerResponse, headOnly: boolean): void {
    for (let hook = this.#responseHooks.pop(); hook !== undefined; hook = this.#responseHooks.pop())
      hook(response)
    if (this.#endHooks.length === 0) return
    this.#response = response
    this.#bytes = 0
    this.#complete = true
    const { body, status } = response
    if (body === null || headOnly || status === 204 || status === 304) return
    if (typeof body === 'string') this.#bytes = Buffer.byteLength(body)
    else if (body instanceof Uint8Array || body instanceof ArrayBuffer)
      this.#bytes = body.byteLength
    else if (body instanceof Blob) this.#bytes = body.size
    else {
      this.#complete = false
      response.body = pipeChunks(body, (chunks) => this.#counted(chunks))
    }
  }

  /** Told once, when the request is over. `broken`: it was cancelled before. */
  end(broken: boolean, report: (error: unknown) => void): void {
    const end: RequestEnd = {
      response: this.#response,
      bytes: this.#bytes,
      complete: this.#complete && !broken,
    }
    for (const hook of this.#endHooks.splice(0)) {
      try {
        hook(end)
      } catch (error) {
        report(error)
      }
    }
  }

  async *#counted(chunks: BodyChunks): AsyncGenerator<Uint8Array | string, void> {
    for await (const chunk of readChunks(chunks)) {
      this.#bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength
      yield chunk
    }
    this.#complete = true
  }
}
