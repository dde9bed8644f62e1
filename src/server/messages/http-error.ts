import { show } from '../../concurrency/scope/arguments.ts'
import type { HeadersInput } from '../../http/header-fields.ts'
import { statusText } from '../../http/status-text.ts'
import { SpoolError, type SpoolErrorOptions } from '../../util/error.ts'
import { ServerResponse } from './server-response.ts'

export interface HTTPErrorOptions extends SpoolErrorOptions {
  headers?: HeadersInput
  /** Whether the client is told the message. Default: below 500. */
  expose?: boolean
  /** Answers `application/problem+json` (RFC 9457) instead of plain text, with these members too. */
  problem?: ProblemDetails
}

/** `title` and `status` are there by themselves, `detail` if the message is exposed. */
export interface ProblemDetails {
  /** A URI that names the kind of problem. */
  readonly type?: string
  readonly title?: string
  readonly instance?: string
  readonly [member: string]: unknown
}

/**
 * Thrown anywhere below a handler, it becomes the response: the status, and the message as plain text.
 *
 * @example
 * ```ts
 * const app = new Application().get('/users/{id}', ({ params }) => {
 *   throw new HTTPError(404, `No user "${params.id}"`)
 * })
 * ```
 */
export class HTTPError extends SpoolError {
  readonly status: number
  readonly headers: HeadersInput | undefined
  /** Whether the client is told the message; otherwise it is told what the status means. */
  readonly expose: boolean
  readonly problem: ProblemDetails | undefined

  static {
    this.prototype.name = 'HTTPError'
  }

  /** Throws RangeError for a status outside 400 to 599. */
  constructor(status: number, message?: string, options: HTTPErrorOptions = {}) {
    super('SPOOL_HTTP', message ?? statusText(status), options)
    if (!(Number.isInteger(status) && status >= 400 && status <= 599)) {
      throw new RangeError(`Invalid status ${status} of an error: 400 to 599 is allowed`)
    }
    if (message !== undefined && typeof message !== 'string') {
      throw new TypeError(`Invalid message ${show(message)} of an error: expected a string`)
    }
    this.status = status
    this.headers = options.headers
    this.expose = options.expose ?? status < 500
    this.problem = options.problem
  }

  static override is(error: unknown): error is HTTPError {
    return SpoolError.hasCode(error, 'SPOOL_HTTP')
  }

  toResponse(): ServerResponse {
    const { status, headers } = this
    const response =
      this.problem === undefined
        ? new ServerResponse(this.expose ? this.message : statusText(status), {
            status,
            type: 'text/plain; charset=utf-8',
          })
        : new ServerResponse(this.#problemText(this.problem), {
            status,
            type: 'application/problem+json',
          })
    if (headers !== undefined) {
      const more = new ServerResponse(null, { headers }).headers
      for (const [name, value] of more) {
        if (name === 'set-cookie') response.headers.append(name, value)
        else response.headers.set(name, value)
      }
    }
    return response
  }

  #problemText(problem: ProblemDetails): string {
    const { status } = this
    const detail = this.expose ? this.message : undefined
    return JSON.stringify({ title: statusText(status), status, detail, ...problem })
  }
}
