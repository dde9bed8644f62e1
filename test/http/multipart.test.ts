import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Multipart } from 'spool/client'
import type { OutgoingBody } from '../../src/http/outgoing-body.ts'
import { settle } from 'spool/testing'

async function sent(body: OutgoingBody): Promise<Buffer> {
  if (body.kind !== 'stream') throw new Error('Expected a stream')
  const chunks: Buffer[] = []
  for await (const chunk of body.chunks) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** With `B` in the place of the boundary. */
async function textOf(form: Multipart): Promise<string> {
  return (await sent(form.body)).toString().replaceAll(form.boundary, 'B')
}

describe('Multipart', () => {
  it('ends all of its streams where it is left, begun or not', async () => {
    for (const begun of [0, 1, 2, 3]) {
      const streams = [1, 2].map(() => new Readable({ read: () => undefined }))
      streams[0]?.push('a')
      const form = new Multipart()
      for (const stream of streams) form.append('file', stream)
      if (form.body.kind !== 'stream') throw new Error('Expected a stream')
      const chunks = (form.body.chunks as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      for (let at = 0; at < Math.min(begun, 2); at++) await chunks.next()
      const left = begun === 3 ? chunks.next().catch(() => undefined) : chunks.return?.()
      if (begun === 3) streams[0]?.destroy(new Error('the disk'))
      await left
      expect(streams.map((stream) => stream.destroyed)).toEqual([true, true])
    }
  })

  it('writes fields and files as browsers do', async () => {
    const form = new FormData()
    form.append('plain', 'grün')
    form.append('lines', 'a\nb\r\nc\rd')
    form.append('na"me\r\n', 'x')
    form.append('blob', new Blob(['1']))
    form.append('file', new File(['<p>'], 'a "b".html', { type: 'text/html' }))
    const multipart = Multipart.from(form)
    expect(await textOf(multipart)).toBe(
      [
        '--B',
        'Content-Disposition: form-data; name="plain"',
        '',
        'grün',
        '--B',
        'Content-Disposition: form-data; name="lines"',
        '',
        'a\r\nb\r\nc\r\nd',
        '--B',
        'Content-Disposition: form-data; name="na%22me%0D%0A"',
        '',
        'x',
        '--B',
        'Content-Disposition: form-data; name="blob"; filename="blob"',
        'Content-Type: application/octet-stream',
        '',
        '1',
        '--B',
        'Content-Disposition: form-data; name="file"; filename="a %22b%22.html"',
        'Content-Type: text/html',
        '',
        '<p>',
        '--B--',
        '',
      ].join('\r\n'),
    )
  })

  it('is read by the platform as what it was, and has the length that it says', async () => {
    const form = new Multipart()
    form.append('text', 'x')
    form.append('bytes', Uint8Array.of(0, 13, 10, 255), { filename: 'ü.bin' })
    form.append('list', ['a', Buffer.from('b')], { length: 2, filename: 'l', type: 'text/x' })
    const bytes = await sent(form.body)
    expect(form.length).toBe(bytes.byteLength)
    expect(form.body).toMatchObject({ length: bytes.byteLength, replayable: true })
    const read = await new Response(new Uint8Array(bytes), {
      headers: { 'content-type': form.type },
    }).formData()
    expect(read.get('text')).toBe('x')
    const file = read.get('bytes') as File
    expect([file.name, file.type]).toEqual(['ü.bin', 'application/octet-stream'])
    expect([...new Uint8Array(await file.arrayBuffer())]).toEqual([0, 13, 10, 255])
    expect(await (read.get('list') as File).text()).toBe('ab')
    // It can be sent again, and is the same.
    expect((await sent(form.body)).equals(bytes)).toBe(true)
  })

  it('has no length with a part of none, and can be sent once with one that can be read once', async () => {
    const form = new Multipart()
    form.append(
      'stream',
      (async function* () {
        yield 'a'
        await settle()
        yield 'b'
      })(),
      { filename: 'f' },
    )
    form.append('web', ReadableStream.from(['c']))
    expect(form.length).toBeUndefined()
    expect(form.body).toMatchObject({ length: undefined, replayable: false })
    expect(await textOf(form)).toContain('\r\n\r\nab\r\n--B\r\n')
  })

  it('is a form of nothing without parts', async () => {
    const form = new Multipart()
    expect(await textOf(form)).toBe('--B--\r\n')
    expect(form.length).toBe(form.boundary.length + 6)
  })

  it('has a boundary of its own, which RFC 2046 allows', () => {
    const boundaries = Array.from({ length: 100 }, () => new Multipart().boundary)
    expect(new Set(boundaries).size).toBe(100)
    for (const boundary of boundaries) expect(boundary).toMatch(/^[\w-]{20,70}$/)
  })

  it.each([
    ['a length', { length: -1 }, RangeError],
    ['a type', { type: 'a\r\nb' }, TypeError],
    ['a header', { headers: { 'a b': 'c' } }, TypeError],
  ])('refuses %s that is none', (_, options, kind) => {
    const form = new Multipart()
    expect(() => form.append('a', 'b', options)).toThrow(kind)
  })

  it('keeps a part’s own headers', async () => {
    const form = new Multipart()
    form.append('a', '{}', { type: 'application/json', headers: { 'X-Part': '1' } })
    expect(await textOf(form)).toContain(
      'name="a"\r\nX-Part: 1\r\nContent-Type: application/json\r\n\r\n{}\r\n',
    )
  })
})
