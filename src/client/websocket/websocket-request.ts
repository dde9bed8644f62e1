/** Opens WebSockets: a request of the session like any other, until it is answered with 101. */
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { TimerWheel } from '../../concurrency/time/timer-wheel.ts'
import { HeaderFields } from '../../http/header-fields.ts'
import { closeCodes } from '../../http/websocket/close-code.ts'
import {
  type DeflateExtension,
  loadDeflate,
} from '../../http/websocket/framing/deflate-extension.ts'
import { MessageDeflate } from '../../http/websocket/framing/message-deflate.ts'
import { newKey } from '../../http/websocket/handshake/accept-key.ts'
import {
  handshakeFields,
  type HandshakeOffer,
  type HandshakeResult,
  readHandshakeAnswer,
} from '../../http/websocket/handshake/client-handshake.ts'
import { checkSubprotocols } from '../../http/websocket/handshake/server-handshake.ts'
import { WebSocketConnection } from '../../http/websocket/websocket-connection.ts'
import { WebSocketLink } from '../../http/websocket/websocket-link.ts'
import {
  type WebSocketOptions,
  type WebSocketSettings,
  webSocketSettings,
} from '../../http/websocket/websocket-options.ts'
import { ProtocolError } from '../../wire/errors.ts'
import { checkKinds, type Kinds, shown } from '../../util/option-kinds.ts'
import { responseError } from '../call/read-away.ts'
import { ResponseError } from '../errors.ts'
import type { RequestOptions } from '../request/request-options.ts'
import type { ClientResponse } from '../response/client-response.ts'
import type { ResponsePromise } from '../response/response-promise.ts'

/** Of the request: its headers, cookies, proxy, certificates and time-outs. Of the WebSocket: its limits. */
export interface WebSocketRequestOptions
  extends
    WebSocketOptions,
    Pick<
      RequestOptions,
      | 'auth'
      | 'headers'
      | 'cookies'
      | 'query'
      | 'timeout'
      | 'redirect'
      | 'maxRedirects'
      | 'allowInsecureRedirect'
      | 'secretHeaders'
      | 'signal'
      | 'tls'
      | 'proxy'
    > {
  /** What this end speaks, the best first; the server chooses one, or none. */
  subprotocols?: readonly string[]
}

const kinds: Kinds<WebSocketRequestOptions> = {
  auth: 'any',
  headers: 'any',
  cookies: 'any',
  query: 'any',
  timeout: 'any',
  redirect: 'any',
  maxRedirects: 'any',
  allowInsecureRedirect: 'boolean',
  secretHeaders: 'any',
  signal: 'any',
  tls: 'object',
  proxy: 'any',
  subprotocols: 'any',
  maxMessageSize: 'any',
  maxQueue: 'any',
  maxSendQueue: 'any',
  heartbeat: 'any',
  heartbeatTimeout: 'any',
  idleTimeout: 'any',
  closeTimeout: 'any',
  compression: 'any',
}

const settingNames = Object.keys(webSocketSettings()) as (keyof WebSocketSettings)[]

type Get = (url: string, options: RequestOptions) => ResponsePromise

export class WebSocketRequests {
  readonly #get: Get
  // Of all WebSockets of the session.
  readonly #wheel: TimerWheel = outsideScopes(() => new TimerWheel())
  // Of the last one: most of a session have the same, and need not keep it once each.
  #settings: WebSocketSettings = webSocketSettings()

  /** `get` sends a request of the session. */
  constructor(get: Get) {
    this.#get = get
  }

  async open(url: string | URL, options: WebSocketRequestOptions): Promise<WebSocketConnection> {
    checkKinds(options, kinds, 'a WebSocket')
    const target = httpURL(url)
    const settings = this.#settingsOf(options)
    const offer: HandshakeOffer = {
      key: newKey(),
      subprotocols: checkSubprotocols(options.subprotocols ?? []),
      compression: settings.compression,
    }
    const extension = settings.compression === undefined ? undefined : await loadDeflate()
    const response = await this.#get(target, requestOptions(options, offer))
    if (response.status !== 101) {
      const error = await refusal(response)
      await response.close()
      throw error
    }
    const answer = readHandshakeAnswer(offer, (name) => response.headers.getAll(name))
    if (typeof answer === 'string') {
      await response.close()
      throw new ProtocolError('remote', `Opening a WebSocket at ${response.url} failed: ${answer}`)
    }
    return this.#connect(response, extension, settings, answer)
  }

  /** Stops the timers; to be called once nothing is left. */
  close(): void {
    this.#wheel.close()
  }

  #settingsOf(options: WebSocketRequestOptions): WebSocketSettings {
    const settings = webSocketSettings(options)
    if (!isEqual(settings, this.#settings)) this.#settings = settings
    return this.#settings
  }

  #connect(
    response: ClientResponse,
    extension: DeflateExtension | undefined,
    settings: WebSocketSettings,
    { subprotocol, deflate }: HandshakeResult,
  ): WebSocketConnection {
    const upgraded = response.exchange.takeOver()
    const link = new WebSocketLink(upgraded.transport, {
      isServer: false,
      settings,
      deflate: extension && deflate && new MessageDeflate(extension, deflate, false, settings),
      wheel: this.#wheel,
    })
    link.listeners.add(upgraded)
    upgraded.onClosing(link, goAway)
    outsideScopes(() => link.start())
    return new WebSocketConnection(link, subprotocol)
  }
}

// What a program says of it in a line, of 200 characters at most; a page says nothing in its first line.
const saidInALine = /^\s*([^<\s][^\r\n]{0,199})/

/** The answer is no 101. A proxy, or the server's program, may say why in its body. */
async function refusal(response: ClientResponse): Promise<ResponseError> {
  const { url, status, headers, body } = await responseError(response)
  const said = saidInALine.exec(body)?.[1]
  const why = said === undefined ? '' : `: ${JSON.stringify(said.trimEnd())}`
  const message = `Opening a WebSocket at ${url} failed: it was answered with status ${status}${why}`
  return new ResponseError(response.method, url, status, headers, body, message)
}

function isEqual(one: WebSocketSettings, other: WebSocketSettings): boolean {
  return settingNames.every((name) => one[name] === other[name])
}

function goAway(link: WebSocketLink): void {
  link.startClosing(closeCodes.goingAway, '')
}

function requestOptions(options: WebSocketRequestOptions, offer: HandshakeOffer): RequestOptions {
  const headers = HeaderFields.from(options.headers)
  for (const [name, value] of handshakeFields(offer)) headers.set(name, value)
  const { auth, cookies, query, timeout, redirect, maxRedirects } = options
  const { allowInsecureRedirect, secretHeaders, signal, tls, proxy } = options
  return {
    auth,
    headers,
    cookies,
    query,
    timeout,
    redirect,
    maxRedirects,
    allowInsecureRedirect,
    secretHeaders,
    signal,
    tls,
    proxy,
    // What is told about bodies is nothing to a WebSocket; a refusal is short.
    decompress: false,
    raiseForStatus: false,
    upgrade: true,
  }
}

// RFC 6455 §3: `ws` is `http` and `wss` is `https`, in all that comes before the upgrade.
function httpURL(url: string | URL): string {
  if (typeof url !== 'string' && !(url instanceof URL)) {
    throw new TypeError(`Cannot open a WebSocket at ${shown(url)}: expected a URL`)
  }
  const text = String(url)
  if (/^wss?:/i.test(text)) return `http${text.slice(2)}`
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(text) || /^https?:/i.test(text)) return text
  throw new TypeError(
    `Cannot open a WebSocket at "${text}": expected ws://, wss:// or a path of the base`,
  )
}
