import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Multipart, type TransferProgress } from 'spool/client'
import { fileSource } from 'spool/io'
import { rejectionOf } from '../../support/rejection.ts'
import { answer, MemoryFixture, redirect, type SeenRequest } from '../support/memory-server.ts'

async function seenOf(send: (fixture: MemoryFixture) => Promise<unknown>): Promise<SeenRequest> {
  let seen: SeenRequest | undefined
  await using fixture = new MemoryFixture(async (peer) => {
    seen = await peer.request()
    peer.respond()
  })
  await send(fixture)
  if (seen === undefined) throw new Error('Nothing came')
  return seen
}

describe('a request with a form', () => {
  it.each(['body', 'form'] as const)(
    'sends a FormData given as %j with its length',
    async (name) => {
      const form = new FormData()
      form.append('a', '1')
      form.append('f', new File(['content'], 'f.txt', { type: 'text/plain' }))
      const { headers, body } = await seenOf(({ session }) =>
        session.post('/', { [name]: form }).text(),
      )
      const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(
        headers['content-type'] ?? '',
      )?.[1]
      expect(headers['content-length']).toBe(String(body.length))
      expect(headers['transfer-encoding']).toBeUndefined()
      expect(body).toContain(
        `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n`,
      )
      expect(body).toContain('filename="f.txt"\r\nContent-Type: text/plain\r\n\r\ncontent\r\n')
    },
  )

  it('sends a form again where a redirect asks for it', async () => {
    const bodies: string[] = []
    await using fixture = new MemoryFixture(async (peer) => {
      bodies.push((await peer.request()).body)
      peer.send(redirect(307, '/there'))
      bodies.push((await peer.request()).body)
      peer.respond('done')
    })
    const form = new Multipart()
    form.append('a', '1')
    expect(await fixture.session.post('/', { form }).text()).toBe('done')
    expect(bodies[0]).toContain('name="a"')
    expect(bodies[1]).toBe(bodies[0])
  })

  it('sends a file, and a stream of Node.js', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'form-'))
    try {
      const path = join(folder, 'a.txt')
      await writeFile(path, 'from a file')
      const file = await fileSource(path, { type: 'text/x' })
      const asBody = await seenOf(({ session }) => session.put('/', { body: file }).text())
      expect(asBody.headers).toMatchObject({ 'content-length': '11', 'content-type': 'text/x' })
      expect(asBody.body).toBe('from a file')
      const form = new Multipart()
      form.append('file', file)
      const asPart = await seenOf(({ session }) => session.post('/', { form }).text())
      expect(asPart.body).toContain(
        'filename="a.txt"\r\nContent-Type: text/x\r\n\r\nfrom a file\r\n',
      )
      expect(asPart.headers['content-length']).toBe(String(asPart.body.length))
    } finally {
      await rm(folder, { recursive: true })
    }
    const stream = await seenOf(({ session }) =>
      session.post('/', { body: Readable.from(['a', Buffer.from('b')]) }).text(),
    )
    expect(stream.headers['transfer-encoding']).toBe('chunked')
    expect(stream.body).toBe('ab')
  })

  it('ends with what a part throws', async () => {
    await using fixture = new MemoryFixture(() => undefined)
    const form = new Multipart()
    form.append(
      'broken',
      (async function* () {
        yield 'a'
        throw new RangeError('no more')
      })(),
    )
    const error = await rejectionOf(fixture.session.post('/', { form }).text())
    expect(error).toMatchObject({ message: 'no more' })
  })

  it('ends where a part is not as long as it was said to be', async () => {
    await using fixture = new MemoryFixture(() => undefined)
    const form = new Multipart()
    form.append('short', ['abc'], { length: 4 })
    const error = await rejectionOf(fixture.session.post('/', { form }).text())
    expect(error).toMatchObject({ code: 'SPOOL_LOCAL_PROTOCOL' })
  })
})

function refuse(): never {
  throw new RangeError('enough')
}

describe('onUploadProgress', () => {
  it('is told of each piece, with the total where it is known', async () => {
    const told: TransferProgress[] = []
    const onUploadProgress = (progress: TransferProgress): void => void told.push(progress)
    await seenOf(({ session }) =>
      session.post('/', { body: new Uint8Array(150_000), onUploadProgress }).text(),
    )
    expect(told).toEqual([
      { transferred: 65_536, total: 150_000 },
      { transferred: 131_072, total: 150_000 },
      { transferred: 150_000, total: 150_000 },
    ])
    told.length = 0
    const { headers } = await seenOf(({ session }) =>
      session.post('/', { body: ['ä', 'b'], onUploadProgress }).text(),
    )
    expect(headers['transfer-encoding']).toBe('chunked')
    expect(told).toEqual([
      { transferred: 2, total: undefined },
      { transferred: 3, total: undefined },
    ])
    told.length = 0
    await seenOf(({ session }) => session.post('/', { json: 1, onUploadProgress }).text())
    expect(told).toEqual([{ transferred: 1, total: 1 }])
  })

  it('ends the request by what it throws', async () => {
    await using fixture = new MemoryFixture(answer('ok'))
    const onUploadProgress = refuse
    const error = await rejectionOf(
      fixture.session.post('/', { body: ['a', 'b'], onUploadProgress }).text(),
    )
    expect(error).toMatchObject({ message: 'enough' })
  })
})
