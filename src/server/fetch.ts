/** The same handlers, asked by a `Request` of the web instead of a connection. */
import { isCancellation } from '../concurrency/scope/cancellation.ts'
import { outsideScopes, runInScope } from '../concurrency/scope/context.ts'
import { currentScope } from '../concurrency/scope/scope.ts'
import { discardChunks, readChunks } from '../http/chunk-source.ts'
import { IncomingBody } from '../http/incoming-body.ts'
import { type BodyChunks, isWhole } from '../http/outgoing-body.ts'
import type { RequestHead } from '../wire/http1/messages.ts'
import type { Destination, Dispatcher } from './connection/destination.ts'
import {
  failureOf,
  noResponse,
  plainResponse,
  reportToConsole,
} from './connection/failure-response.ts'
import { type RequestKeeper, RequestScope } from './connection/request-scope.ts'
import { ServerRequest } from './messages/server-request.ts'
import type { ServerResponse } from './messages/server-response.ts'
import { serverResponseOf } from './messages/web-response.ts'
import { defaultLimits } from './server-options.ts'

/** Answers `request`; the scope that it is handled in is below the caller's. */
export async function answer(dispatcher: Dispatcher, request: Request): Promise<Response> {
  const around = currentScope()
  around.throwIfCancelled()
  const served = fromWebRequest(request)
  const keeper: RequestKeeper = {
    scope: around,
    limits: defaultLimits,
    closingListeners: new Set(),
    closing: false,
    report: reportToConsole,
    requestEnded: () => request.signal.removeEventListener('abort', onAbort),
  }
  const destination = dispatcher.destination(served)
  const scope = new RequestScope(keeper, served, destination)
  const onAbort = (): void => {
    if (destination.cancelOnDisconnect) scope.cancel(request.signal.reason, 'disconnect')
  }
  request.signal.addEventListener('abort', onAbort)
  if (request.signal.aborted) onAbort()
  try {
    const response = prepared(await handle(destination, scope, served), served)
    const { body } = response
    const init = { status: response.status, headers: response.headers.toHeaders() }
    if (served.method === 'HEAD' || hasNoBody(response.status) || isWhole(body)) {
      if (!isWhole(body))
        await discardChunks(body).catch((error: unknown) => reportToConsole(error, served))
      scope.finish()
      const sent = served.method === 'HEAD' || hasNoBody(response.status) ? null : body
      return new Response(sent as string | Uint8Array<ArrayBuffer> | null, init)
    }
    return new Response(streamOf(body, scope, destination), init)
  } catch (error) {
    scope.finish()
    throw error
  }
}

/** After all hooks; if one of them fails, that is what is answered. */
function prepared(response: ServerResponse, request: ServerRequest): ServerResponse {
  const headOnly = request.method === 'HEAD'
  try {
    request.hooks?.prepare(response, headOnly)
    return response
  } catch (error) {
    reportToConsole(error, request)
    const refusal = plainResponse(500)
    request.hooks?.prepare(refusal, headOnly)
    return refusal
  }
}

async function handle(
  destination: Destination,
  scope: RequestScope,
  request: ServerRequest,
): Promise<ServerResponse> {
  try {
    const result = await runInScope(scope, destination.handle, request)
    const response = serverResponseOf(result)
    if (response === undefined) throw noResponse(result)
    return response
  } catch (error) {
    // Whoever asked has gone, or is cancelled: there is nobody to answer.
    const gone = scope.error?.source === 'disconnect' || !scope.cancelledHere
    if (scope.error !== undefined && gone && isCancellation(error)) throw scope.error
    const { response, report } = failureOf(error, request)
    if (report) reportToConsole(error, request)
    return response
  }
}

function fromWebRequest(request: Request): ServerRequest {
  const url = new URL(request.url)
  const fields: string[] = []
  for (const [name, value] of request.headers) fields.push(name, value)
  if (!request.headers.has('host')) fields.push('host', url.host)
  const length = Number(request.headers.get('content-length') ?? 'NaN')
  const head: RequestHead = {
    method: request.method,
    target: url.pathname + url.search,
    minorVersion: 1,
    fields,
    framing: request.body === null ? 'none' : Number.isSafeInteger(length) ? 'length' : 'chunked',
    contentLength: request.body === null || !Number.isSafeInteger(length) ? 0 : length,
    host: url.host,
    keepAlive: true,
    expectContinue: false,
    upgrade: undefined,
  }
  const origin = {
    remoteAddress: undefined,
    secure: url.protocol === 'https:',
    authority: url.host,
  }
  const served = new ServerRequest(head, origin)
  if (request.body !== null) served.incoming = bodyFrom(request.body)
  return served
}

function bodyFrom(stream: ReadableStream<Uint8Array>): IncomingBody {
  const reader = stream.getReader()
  let paused: PromiseWithResolvers<void> | undefined
  const body = new IncomingBody({
    pause: () => {
      paused = Promise.withResolvers<void>()
    },
    resume: () => paused?.resolve(),
    abandon: () => {
      paused?.resolve()
      reader.cancel().catch(() => undefined)
    },
    wanted: () => outsideScopes(() => void pump()),
  })
  async function pump(): Promise<void> {
    try {
      for (;;) {
        const { value, done } = await reader.read()
        if (done) break
        body.push(value, false)
        await paused?.promise
        paused = undefined
      }
      body.end()
    } catch (error) {
      body.fail(error)
    }
  }
  return body
}

function hasNoBody(status: number): boolean {
  // Those with which the web's `Response` takes no body.
  return status === 204 || status === 205 || status === 304
}

function streamOf(
  chunks: BodyChunks,
  scope: RequestScope,
  { cancelOnDisconnect }: Destination,
): ReadableStream<Uint8Array> {
  const iterator = readChunks(chunks)
  const encoder = new TextEncoder()
  let begun = false
  const end = async (): Promise<void> => {
    try {
      if (begun) await iterator.return()
      else await discardChunks(chunks)
    } finally {
      scope.finish()
    }
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        begun = true
        try {
          const { value, done } = await runInScope(scope, () => iterator.next())
          if (done === true) {
            controller.close()
            scope.finish()
          } else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value)
        } catch (error) {
          scope.finish()
          throw error
        }
      },
      cancel(reason) {
        if (cancelOnDisconnect) scope.cancel(reason, 'disconnect')
        return end()
      },
    },
    // Asked for no chunk before its reader wants one.
    { highWaterMark: 0 },
  )
}
