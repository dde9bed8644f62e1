import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import {
  ClientSession,
  ConnectError,
  Multipart,
  type RequestOptions,
  retry,
  type TransportOpener,
} from 'spool/client'
import { settle } from 'spool/testing'

const nobody: TransportOpener = {
  open: () => Promise.reject(new ConnectError('tcp', 'Connecting failed: nobody is there', [])),
}

function sessionOf(more: ConstructorParameters<typeof ClientSession>[0] = {}): ClientSession {
  return new ClientSession({ baseUrl: 'http://api.test', transport: nobody, ...more })
}

describe('A request that fails before its body was begun', () => {
  const ways: readonly [string, RequestOptions, boolean][] = [
    ['as it is', {}, false],
    ['compressed', { compress: 'gzip' }, false],
    ['with progress', { onUploadProgress: () => undefined }, false],
    ['below a middleware', {}, true],
  ]
  it.each(ways)('closes the stream of Node.js that it was given, %s', async (_, options, wraps) => {
    await using session = sessionOf(wraps ? { middleware: [retry({ attempts: 1 })] } : {})
    const body = new Readable({ read: () => undefined })
    await expect(session.post('/', { ...options, body })).rejects.toThrow('nobody is there')
    await settle()
    expect(body.destroyed).toBe(true)
  })

  it('closes the file of a stream, and says nothing of one that is not there', async () => {
    await using session = sessionOf()
    const file = createReadStream(import.meta.filename)
    const missing = createReadStream(`${import.meta.filename}.missing`)
    const closed = [file, missing].map(
      (body) => new Promise<void>((resolve) => void body.once('close', resolve)),
    )
    await Promise.all(
      [file, missing].map((body) =>
        expect(session.post('/', { body })).rejects.toThrow('nobody is there'),
      ),
    )
    await Promise.all(closed)
  })

  it('closes the streams of a form', async () => {
    await using session = sessionOf()
    const stream = new Readable({ read: () => undefined })
    const body = new Multipart()
    body.append('file', stream)
    await expect(session.post('/', { body })).rejects.toThrow('nobody is there')
    await settle()
    expect(stream.destroyed).toBe(true)
  })

  it('cancels a web stream', async () => {
    await using session = sessionOf()
    let cancelled = 0
    const body = new ReadableStream<string>({ cancel: () => void cancelled++ })
    await expect(session.post('/', { body })).rejects.toThrow('nobody is there')
    await settle()
    expect(cancelled).toBe(1)
  })

  it('closes it also where the request is cancelled as it waits for a connection', async () => {
    await using session = sessionOf({
      transport: { open: () => new Promise<never>(() => undefined) },
    })
    const stop = new AbortController()
    const body = new Readable({ read: () => undefined })
    const answer = session.post('/', { body, signal: stop.signal }).text()
    stop.abort()
    await expect(answer).rejects.toMatchObject({ code: 'SPOOL_CANCELLED' })
    await settle()
    expect(body.destroyed).toBe(true)
  })
})
