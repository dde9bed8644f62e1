/**
 * The places an application can be asked in: in memory by a `TestClient`, by `app.fetch()`, and over
 * sockets, with and without TLS. A scenario that holds in one has to hold in all of them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClientSession } from 'spool/client'
import { type Application, serve, type Server } from 'spool/server'
import { TestClient } from 'spool/testing'
import { vi } from 'vitest'
import { certificates } from './certificates.ts'

export interface Ask {
  method?: string
  headers?: Record<string, string>
  body?: string | Uint8Array | FormData | AsyncIterable<Uint8Array>
  /** Its abort is the client's leaving. */
  signal?: AbortSignal
}

/** What every place has of an answer. Its body is neither decompressed nor followed elsewhere. */
export interface Answer {
  readonly status: number
  readonly headers: { get(name: string): string | null; getSetCookie(): string[] }
  text(): Promise<string>
  bytes(): Promise<Uint8Array>
  chunks(): AsyncIterator<Uint8Array, unknown>
  /** The client leaves before the end of the body. */
  leave(): Promise<void>
}

export interface Place extends AsyncDisposable {
  /** Scheme and authority of what is asked. */
  readonly origin: string
  /** Whether it has a socket, with an address at its other end. */
  readonly address: boolean
  /** What the server told, and no client. */
  readonly errors: readonly unknown[]
  ask(path: string, ask?: Ask): Promise<Answer>
}

async function inMemory(app: Application): Promise<Place> {
  const client = await TestClient.start(app)
  const { errors, url } = client.server
  return placeOf(client, url, errors, undefined)
}

async function byFetch(app: Application): Promise<Place> {
  const errors: unknown[] = []
  // Nobody else is told of them.
  const spy = vi.spyOn(console, 'error').mockImplementation((_where, error) => {
    errors.push(error)
  })
  const origin = 'http://app.test'
  return {
    origin,
    address: false,
    errors,
    ask: async (path, { body, ...rest } = {}) => {
      const sent = typeof body === 'object' && Symbol.asyncIterator in body
      const init = { ...rest, body: sent ? ReadableStream.from(body) : body, duplex: 'half' }
      return ofWeb(await app.fetch(new Request(origin + path, init as RequestInit)))
    },
    [Symbol.asyncDispose]: async () => spy.mockRestore(),
  }
}

async function overTCP(app: Application): Promise<Place> {
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const server = await serve(app, { host: '127.0.0.1', onError })
  return placeOf(new ClientSession({ baseUrl: server.url }), server.url, errors, server)
}

async function overUnixSocket(app: Application): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'spool-places-'))
  const path = join(folder, 'server.sock')
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const server = await serve(app, { path, onError })
  const origin = 'http://app.test'
  const session = new ClientSession({ baseUrl: origin, socketPath: path })
  const place = placeOf(session, origin, errors, server)
  return {
    ...place,
    address: false,
    [Symbol.asyncDispose]: async () => {
      await place[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

async function overTLS(app: Application): Promise<Place> {
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const { ca, localhost } = certificates
  const server = await serve(app, { host: '127.0.0.1', tls: localhost, onError })
  const origin = `https://localhost:${server.port}`
  return placeOf(new ClientSession({ baseUrl: origin, tls: { ca } }), origin, errors, server)
}

export const places: Readonly<Record<string, (app: Application) => Promise<Place>>> = {
  'in memory': inMemory,
  'by app.fetch()': byFetch,
  'over TCP': overTCP,
  'over a Unix socket': overUnixSocket,
  'over TLS': overTLS,
}

function placeOf(
  session: ClientSession,
  origin: string,
  errors: readonly unknown[],
  server: Server | undefined,
): Place {
  return {
    origin,
    address: server !== undefined,
    errors,
    ask: async (path, { method = 'GET', ...rest } = {}) => {
      const options = { ...rest, redirect: 'manual', decompress: false } as const
      const response = await session.request(method, path, options)
      const { status, headers, body } = response
      return {
        status,
        headers,
        text: () => response.text(),
        bytes: () => response.bytes(),
        chunks: () => body[Symbol.asyncIterator](),
        leave: () => response[Symbol.asyncDispose](),
      }
    },
    [Symbol.asyncDispose]: async () => {
      await session.close()
      await server?.close()
    },
  }
}

function ofWeb(response: Response): Answer {
  const { status, headers } = response
  const body = response.body as ReadableStream<Uint8Array> | null
  let reader: { cancel(): Promise<void> } | undefined
  return {
    status,
    headers,
    text: () => response.text(),
    bytes: async () => new Uint8Array(await response.arrayBuffer()),
    chunks: () => {
      const current = (body ?? emptyStream()).getReader()
      reader = current
      return { next: () => current.read() }
    },
    leave: async () => {
      if (reader === undefined) await body?.cancel()
      else await reader.cancel()
    },
  }
}

function emptyStream(): ReadableStream<Uint8Array> {
  return new Blob([]).stream() as ReadableStream<Uint8Array>
}
