import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { taskGroup } from 'spool'
import { settle } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import {
  MemoryFixture,
  type MemoryPeer,
  response,
  type SeenRequest,
} from '../support/memory-server.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'download-'))
  path = join(folder, 'file')
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

const whole = 'abcdefghij'
const url = 'http://test/file'

type Answer = (peer: MemoryPeer, request: SeenRequest) => void

/** A server that does these, one request after the other; and what it was asked. */
function fixtureOf(...answers: Answer[]): { fixture: MemoryFixture; seen: SeenRequest[] } {
  const seen: SeenRequest[] = []
  const fixture = new MemoryFixture(async (peer) => {
    for (;;) {
      const request = await peer.request()
      seen.push(request)
      answers[seen.length - 1]?.(peer, request)
    }
  })
  return { fixture, seen }
}

/** All of the file, or no more than the first four bytes. */
function full(fields: string, breaksOff = false): Answer {
  return (peer) => {
    const bytes = response(whole, { fields })
    peer.send(breaksOff ? bytes.subarray(0, -6) : bytes)
    if (breaksOff) peer.end()
  }
}

function rest(range: string, body: string, fields = ''): Answer {
  return (peer) =>
    peer.respond(body, {
      status: '206 Partial Content',
      fields: `Content-Range: ${range}\r\n${fields}`,
    })
}

function beyond(total: number, more = ''): Answer {
  const fields = `Content-Range: bytes */${total}\r\n${more}`
  return (peer) => peer.respond('', { status: '416 No', fields })
}

function gone(peer: MemoryPeer): void {
  peer.respond('gone', { status: '404 No' })
}

function half(peer: MemoryPeer): void {
  peer.send(response(whole, { fields: tagged }).subarray(0, -6))
}

const tagged = 'ETag: "v1"\r\n'
const dated =
  'Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT\r\nDate: Wed, 01 Jan 2025 00:01:00 GMT\r\n'

describe('ClientSession.download()', () => {
  it('fetches a file, as it is', async () => {
    const { fixture, seen } = fixtureOf(full(tagged))
    await using _ = fixture
    const { bytes, resumedAt, status } = await fixture.session.download(url, path)
    expect([bytes, resumedAt, status]).toEqual([10, 0, 200])
    expect(await readFile(path, 'utf8')).toBe(whole)
    expect(await readdir(folder)).toEqual(['file'])
    expect(seen[0]?.headers).toMatchObject({ 'accept-encoding': 'identity' })
    expect(seen[0]?.headers['range']).toBeUndefined()
  })

  it('goes on where it broke off, if it is still the same', async () => {
    const { fixture, seen } = fixtureOf(full(tagged, true), rest('bytes 4-9/10', 'efghij', tagged))
    await using _ = fixture
    expect(await rejectionOf(fixture.session.download(url, path))).toMatchObject({
      code: 'SPOOL_TRANSFER',
    })
    expect((await readdir(folder)).sort()).toEqual(['file.part', 'file.part.json'])
    const { bytes, resumedAt, status } = await fixture.session.download(url, path)
    expect([bytes, resumedAt, status]).toEqual([10, 4, 206])
    expect(seen[1]?.headers).toMatchObject({ range: 'bytes=4-', 'if-range': '"v1"' })
    expect(await readFile(path, 'utf8')).toBe(whole)
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('begins again where the file has changed', async () => {
    const { fixture } = fixtureOf(full(tagged, true), (peer) =>
      peer.respond('new', { fields: 'ETag: "v2"\r\n' }),
    )
    await using _ = fixture
    await rejectionOf(fixture.session.download(url, path))
    expect(await fixture.session.download(url, path)).toMatchObject({ bytes: 3, resumedAt: 0 })
    expect(await readFile(path, 'utf8')).toBe('new')
    expect(await readdir(folder)).toEqual(['file'])
  })

  it.each([
    ['another tag', tagged, 'ETag: "v2"\r\n'],
    ['a tag that is now weak', tagged, 'ETag: W/"v1"\r\n'],
    ['no tag', tagged, ''],
    ['another date', dated, dated.replace('2025', '2026')],
  ])('begins again where the rest comes with %s', async (_, fields, later) => {
    const { fixture, seen } = fixtureOf(
      full(fields, true),
      rest('bytes 4-9/10', 'EFGHIJ', later),
      (peer) => peer.respond('ABCDEFGHIJ', { fields: later }),
    )
    await using _fixture = fixture
    await rejectionOf(fixture.session.download(url, path))
    expect(await fixture.session.download(url, path)).toMatchObject({ bytes: 10, resumedAt: 0 })
    expect(seen.map(({ headers }) => headers['range'])).toEqual([undefined, 'bytes=4-', undefined])
    expect(seen[2]?.headers['if-range']).toBeUndefined()
    expect(await readFile(path, 'utf8')).toBe('ABCDEFGHIJ')
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('goes on by the date alone', async () => {
    const { fixture } = fixtureOf(full(dated, true), rest('bytes 4-9/10', 'efghij', dated))
    await using _ = fixture
    await rejectionOf(fixture.session.download(url, path))
    expect(await fixture.session.download(url, path)).toMatchObject({ bytes: 10, resumedAt: 4 })
    expect(await readFile(path, 'utf8')).toBe(whole)
  })

  it('begins again where nothing is behind what there is, of another file', async () => {
    const { fixture } = fixtureOf(full(tagged, true), beyond(4, 'ETag: "v2"\r\n'), (peer) =>
      peer.respond('ABCD', { fields: 'ETag: "v2"\r\n' }),
    )
    await using _ = fixture
    await rejectionOf(fixture.session.download(url, path))
    expect(await fixture.session.download(url, path)).toMatchObject({ bytes: 4, resumedAt: 0 })
    expect(await readFile(path, 'utf8')).toBe('ABCD')
  })

  it.each([
    ['another URL', 'http://test/other', undefined],
    ['another query', url, { a: 1 }],
  ])('does not go on with %s', async (_, to, query) => {
    const { fixture, seen } = fixtureOf(full(tagged, true), full(tagged))
    await using _fixture = fixture
    await rejectionOf(fixture.session.download(url, path))
    await fixture.session.download(to, path, { query })
    expect(seen[1]?.headers['range']).toBeUndefined()
    expect(await readFile(path, 'utf8')).toBe(whole)
  })

  it.each([
    ['a weak tag', 'ETag: W/"v1"\r\n', undefined],
    ['nothing', '', undefined],
    [
      'a date that is too fresh',
      'Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT\r\nDate: Wed, 01 Jan 2025 00:00:59 GMT\r\n',
      undefined,
    ],
    [
      'a date',
      'Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT\r\nDate: Wed, 01 Jan 2025 00:01:00 GMT\r\n',
      'Wed, 01 Jan 2025 00:00:00 GMT',
    ],
  ])('by %s knows whether it is the same', async (_, fields, validator) => {
    const { fixture, seen } = fixtureOf(full(fields, true), full(fields))
    await using _fixture = fixture
    await rejectionOf(fixture.session.download(url, path))
    expect(await readdir(folder)).toHaveLength(validator === undefined ? 0 : 2)
    await fixture.session.download(url, path)
    expect(seen[1]?.headers['if-range']).toBe(validator)
  })

  it('begins again where there is more than there is to have, and is done where it is all', async () => {
    const { fixture, seen } = fixtureOf(
      full(tagged, true),
      beyond(3),
      full(tagged, true),
      beyond(4),
    )
    await using _ = fixture
    await rejectionOf(fixture.session.download(url, path))
    await rejectionOf(fixture.session.download(url, path))
    expect(seen.map(({ headers }) => headers['range'])).toEqual([undefined, 'bytes=4-', undefined])
    expect(await fixture.session.download(url, path)).toMatchObject({ bytes: 4, resumedAt: 4 })
    expect(await readFile(path, 'utf8')).toBe('abcd')
    expect(await readdir(folder)).toEqual(['file'])
  })

  it.each(['bytes 3-9/10', 'bytes 4-8/10', 'bytes 4-9', 'bytes 4-9/11', 'items 4-9/10'])(
    'refuses the range %s',
    async (range) => {
      const { fixture } = fixtureOf(full(tagged, true), rest(range, 'efghij'))
      await using _ = fixture
      await rejectionOf(fixture.session.download(url, path))
      const error = await rejectionOf(fixture.session.download(url, path))
      expect(error).toMatchObject({ code: 'SPOOL_REMOTE_PROTOCOL' })
      // What was right is kept.
      expect((await stat(`${path}.part`)).size).toBeGreaterThanOrEqual(4)
    },
  )

  it('throws for another status, and leaves what is there', async () => {
    const { fixture } = fixtureOf(gone, gone)
    await using _ = fixture
    await writeFile(path, 'old')
    for (const resume of [true, false]) {
      const error = await rejectionOf(fixture.session.download(url, path, { resume }))
      expect(error).toMatchObject({ code: 'SPOOL_RESPONSE', status: 404, body: 'gone' })
    }
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('refuses a second one to the same path, until the first is over', async () => {
    for (const resume of [true, false]) {
      const { fixture } = fixtureOf(full(tagged), full(tagged))
      await using _ = fixture
      const first = fixture.session.download(url, path, { resume })
      const again = join(folder, 'x', '..', 'file')
      expect(await rejectionOf(fixture.session.download(url, again))).toMatchObject({
        code: 'SPOOL_BUSY',
        message: `Cannot download to ${JSON.stringify(again)}: another download to it is not over`,
      })
      expect((await first).bytes).toBe(10)
      expect((await fixture.session.download(url, path)).bytes).toBe(10)
      expect(await readFile(path, 'utf8')).toBe(whole)
      expect(await readdir(folder)).toEqual(['file'])
    }
  })

  it('refuses a range of the caller’s own, before it asks for anything', async () => {
    const { fixture, seen } = fixtureOf()
    await using _ = fixture
    for (const resume of [true, false]) {
      const headers = { range: 'bytes=0-1' }
      const error = await rejectionOf(fixture.session.download(url, path, { resume, headers }))
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toBe(
        'Cannot download with the header Range "bytes=0-1": expected none, the whole file is fetched',
      )
    }
    expect(seen).toEqual([])
    expect(await readdir(folder)).toEqual([])
  })

  it('keeps what came where it is cancelled, unless it is told not to', async () => {
    for (const resume of [true, false]) {
      const { fixture } = fixtureOf(half)
      await using _ = fixture
      await taskGroup(async (group) => {
        group.spawn(() => fixture.session.download(url, path, { resume }))
        while ((await mostIn(folder)) < 4) await settle()
        group.cancel()
      })
      expect(await readdir(folder)).toEqual(resume ? ['file.part', 'file.part.json'] : [])
      await rm(`${path}.part.json`, { force: true })
      await rm(`${path}.part`, { force: true })
    }
  })
})

describe('saveTo()', () => {
  it('writes a body to a file, decompressed, and says how long it is', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      for (;;) {
        await peer.request()
        peer.respond(whole)
      }
    })
    const answer = await fixture.session.get('/')
    expect(await answer.saveTo(path)).toBe(10)
    expect(await readFile(path, 'utf8')).toBe(whole)
    expect(await fixture.session.get('/').saveTo(path)).toBe(10)
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('writes into no file that is there, and several to one path into one each', async () => {
    const part = `${path}.part`
    await writeFile(part, 'of the user')
    const { fixture } = fixtureOf(
      (peer) => peer.send(response(whole).subarray(0, -6)),
      (peer) => peer.respond('ABCDEF'),
    )
    await using _ = fixture
    const first = fixture.session.get(url).saveTo(path)
    while ((await readdir(folder)).length < 2) await settle()
    expect(await fixture.session.get(url).saveTo(path)).toBe(6)
    expect(await readFile(path, 'utf8')).toBe('ABCDEF')
    fixture.server.peers[0]?.send(whole.slice(4))
    expect(await first).toBe(10)
    expect(await readFile(path, 'utf8')).toBe(whole)
    expect(await readFile(part, 'utf8')).toBe('of the user')
    expect((await readdir(folder)).sort()).toEqual(['file', 'file.part'])
  })

  it('leaves what was there where the body breaks off, or the file can’t be written', async () => {
    const { fixture } = fixtureOf(full(tagged, true), full(tagged))
    await using _ = fixture
    await writeFile(path, 'old')
    expect(await rejectionOf(fixture.session.get(url).saveTo(path))).toMatchObject({
      code: 'SPOOL_TRANSFER',
    })
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['file'])
    const nowhere = await rejectionOf(fixture.session.get(url).saveTo(join(folder, 'no', 'x')))
    expect(nowhere).toMatchObject({ code: 'ENOENT' })
    expect(fixture.session.statistics().active).toBe(0)
  })
})

/** How long the longest file is that is there, but for those that say what another is. */
async function mostIn(where: string): Promise<number> {
  const names = (await readdir(where)).filter((name) => !name.includes('.json'))
  const found = await Promise.all(names.map((name) => stat(join(where, name))))
  return Math.max(0, ...found.map(({ size }) => size))
}

describe('ClientSession.download() where a file beside it is somebody else\u2019s', () => {
  const other = 'what somebody has written'

  it.each(['.part', '.part.json'])('leaves %s as it is, and fetches the file', async (suffix) => {
    await writeFile(path + suffix, other)
    const { fixture, seen } = fixtureOf(full(tagged, true), full(tagged))
    await using _ = fixture
    await rejectionOf(fixture.session.download(url, path))
    expect(await readdir(folder)).toEqual([`file${suffix}`])
    expect(await fixture.session.download(url, path)).toMatchObject({ bytes: 10, resumedAt: 0 })
    expect(await readFile(path, 'utf8')).toBe(whole)
    expect(await readFile(path + suffix, 'utf8')).toBe(other)
    expect((await readdir(folder)).toSorted()).toEqual(['file', `file${suffix}`])
    expect(seen.map(({ headers }) => headers['range'])).toEqual([undefined, undefined])
  })

  it('leaves JSON that says something else as it is', async () => {
    const said = JSON.stringify({ url, validator: 7 })
    await writeFile(`${path}.part.json`, said)
    const { fixture } = fixtureOf(full(tagged))
    await using _ = fixture
    await fixture.session.download(url, path)
    expect(await readFile(`${path}.part.json`, 'utf8')).toBe(said)
  })

  it('leaves a folder as it is', async () => {
    await mkdir(`${path}.part`)
    const { fixture } = fixtureOf(full(tagged))
    await using _ = fixture
    expect(await fixture.session.download(url, path)).toMatchObject({ bytes: 10 })
    expect((await readdir(folder)).toSorted()).toEqual(['file', 'file.part'])
  })

  it('knows its own, though nothing can be gone on with', async () => {
    // As a program leaves it that was killed in the middle.
    await writeFile(`${path}.part`, 'abc')
    await writeFile(`${path}.part.json`, JSON.stringify({ url, validator: null }))
    const { fixture, seen } = fixtureOf(full(''))
    await using _ = fixture
    expect(await fixture.session.download(url, path)).toMatchObject({ bytes: 10, resumedAt: 0 })
    expect(await readdir(folder)).toEqual(['file'])
    expect(seen[0]?.headers['range']).toBeUndefined()
  })
})
