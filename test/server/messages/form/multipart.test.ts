import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { Application, json, type MultipartLimits, type ServerRequest, text } from 'spool/server'
import { expect, test, vi } from 'vitest'
import { MultipartParser } from '../../../../src/server/messages/form/multipart-parser.ts'
import { MemoryServer } from '../../../support/memory-server.ts'

const type = 'multipart/form-data; boundary=xyz'
const field = (name: string, value: string): string =>
  `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const upload = (name: string, filename: string, value: string): string =>
  `--xyz\r\ncontent-disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: image/PNG\r\n\r\n${value}\r\n`
const end = '--xyz--\r\n'

async function ask(
  handler: (request: ServerRequest) => Promise<unknown>,
  body: string,
  contentType = type,
  bodyLimit?: number,
): Promise<[number, unknown]> {
  const options = bodyLimit === undefined ? {} : { bodyLimit }
  const app = new Application().post('/', async (request) => json(await handler(request)), options)
  const headers = { 'content-type': contentType }
  const init = { method: 'POST', body: Buffer.from(body), headers }
  const response = await app.fetch(new Request('http://a/', init))
  const answer = await response.text()
  return [response.status, response.status === 200 ? JSON.parse(answer) : answer]
}

function parts(limits?: MultipartLimits): (request: ServerRequest) => Promise<unknown> {
  return async (request) => {
    const found: unknown[] = []
    for await (const part of request.multipart(limits)) {
      found.push([part.name, part.filename ?? null, part.type, await part.text()])
    }
    return found
  }
}

test('multipart() gives fields and files in order', async () => {
  const body = field('a', 'ä\r\n--xy') + upload('f', 'C:\\dir\\b.png', '') + field('a', '2') + end
  expect(await ask(parts(), body)).toEqual([
    200,
    [
      ['a', null, 'text/plain', 'ä\r\n--xy'],
      ['f', 'b.png', 'image/png', ''],
      ['a', null, 'text/plain', '2'],
    ],
  ])
})

test('multipart() passes over parts that are not read, or only begun', async () => {
  const answer = await ask(
    async (request) => {
      const names: string[] = []
      for await (const part of request.multipart()) {
        names.push(part.name)
        if (part.name === 'b') for await (const _ of part) break
      }
      return names
    },
    field('a', 'x'.repeat(1_000)) + field('b', 'y'.repeat(1_000)) + field('c', 'z') + end,
  )
  expect(answer).toEqual([200, ['a', 'b', 'c']])
})

test('multipart() takes names as browsers write them', async () => {
  const names = ['a%22b', String.raw`a\"b`, 'a%0D%0Ab', 'ü']
  const body = names.map((name) => field(name, '')).join('') + end
  const [, found] = await ask(parts(), body)
  expect((found as string[][]).map(([name]) => name)).toEqual(['a"b', 'a"b', 'a\r\nb', 'ü'])
})

test.each([
  ['nothing', ''],
  ['no last boundary', field('a', 'b')],
  ['the end in a head', '--xyz\r\nContent-Disposition: form-data; name="a"'],
  ['another boundary', field('a', 'b').replaceAll('xyz', 'xyy') + end],
  ['text before the first', `hello\r\n${field('a', 'b')}${end}`],
  [
    'a bare line end in a head',
    `--xyz\r\nContent-Disposition: form-data; n\rame="a"\r\n\r\nb\r\n${end}`,
  ],
  ['a line that is no field', `--xyz\r\nContent-\r\nDisposition: x\r\n\r\nb\r\n${end}`],
  ['a field without a name', `--xyz\r\n: form-data; name="a"\r\n\r\nb\r\n${end}`],
])('multipart() answers 400 to %s', async (_, body) => {
  expect((await ask(parts(), body))[0]).toBe(400)
})

test.each([
  ['multipart/form-data', 400],
  ['multipart/form-data; boundary=""', 400],
  [`multipart/form-data; boundary=${'x'.repeat(71)}`, 400],
  ['multipart/mixed; boundary=xyz', 415],
  ['application/json', 415],
])('multipart() of the type %j answers %d', async (contentType, status) => {
  expect((await ask(parts(), field('a', 'b') + end, contentType))[0]).toBe(status)
})

test.each<[MultipartLimits, string]>([
  [{ parts: 2 }, 'The form has more than the 2 parts allowed'],
  [{ files: 0 }, 'The form has more than the 0 files allowed'],
  [{ fieldSize: 2 }, 'The field "a" is longer than the 2 bytes allowed'],
  [{ fileSize: 2 }, 'The file "f" is longer than the 2 bytes allowed'],
  [{ nameSize: 0 }, 'The name of a part is longer than the 0 bytes allowed'],
  [{ headSize: 20 }, 'The head of a part is longer than the 20 bytes allowed'],
  [{ size: 100 }, 'The form is longer than the 100 bytes allowed'],
])('multipart(%j) answers 413', async (limits, message) => {
  const body = field('a', '123') + upload('f', 'x', '123') + field('c', '') + end
  expect(await ask(parts(limits), body)).toEqual([413, message])
})

test('multipart() holds the limit of a part also if nobody reads it', async () => {
  const answer = await ask(
    async (request) => {
      for await (const part of request.multipart({ fieldSize: 2 })) expect(part.name).toBe('a')
      return 'read'
    },
    field('a', '123') + end,
  )
  expect(answer[0]).toBe(413)
})

function readAll(chunks: readonly Uint8Array[]): string[] {
  const parser = new MultipartParser('xyz', 8_192)
  const found: string[] = []
  let data = ''
  for (const event of chunks.flatMap((chunk) => parser.feed(chunk))) {
    if (event.kind === 'head') found.push(...event.lines)
    else if (event.kind === 'data') data += Buffer.from(event.bytes).toString()
    else {
      found.push(data)
      data = ''
    }
  }
  parser.end()
  return found
}

test('MultipartParser finds the same in whatever chunks a form comes', () => {
  const body = Buffer.from(
    `\r\n${field('a', 'b\r\n--xyzq\r\n--xyz-\r\n')}${upload('f', 'g', '\r\n\r\n')}${end}epilogue`,
  )
  const whole = readAll([body])
  expect(whole).toHaveLength(5)
  expect(whole[1]).toBe('b\r\n--xyzq\r\n--xyz-\r\n')
  for (let at = 0; at <= body.length; at++) {
    expect(readAll([body.subarray(0, at), body.subarray(at)])).toEqual(whole)
  }
  expect(readAll(Array.from(body, (byte) => Buffer.from([byte])))).toEqual(whole)
})

test('MultipartParser gives back whatever data is sent, or refuses', () => {
  const pieces = fc.constantFrom('\r', '\n', '-', '--xyz', '\r\n--xyz', 'xyz', 'a', ' ', ':')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), fc.nat(), (all, seed) => {
      const data = all.join('')
      fc.pre(
        !/\r\n--xyz(?:\r\n|--)/.test(`${data}\r\n--xyz--`.slice(0, -9)) &&
          !data.endsWith('\r\n--xyz'),
      )
      const body = Buffer.from(field('a', data) + end)
      const at = seed % body.length
      const parser = new MultipartParser('xyz', 8_192)
      const events = [...parser.feed(body.subarray(0, at)), ...parser.feed(body.subarray(at))]
      const bytes = events.flatMap((event) => (event.kind === 'data' ? [event.bytes] : []))
      expect(Buffer.concat(bytes).toString()).toBe(data)
      parser.end()
    }),
  )
})

async function wholeForm(request: ServerRequest): Promise<unknown> {
  const form = await request.form()
  const files = form
    .files()
    .map(({ name, filename, size, path }) => [name, filename, size, path ?? null])
  return [form.integer('a'), form.getAll('b'), form.get('f'), files, form.file('f')?.type ?? null]
}

test('form() of either encoding has fields, with files apart', async () => {
  const body = field('a', '1') + field('b', 'x') + upload('f', 'g', '123') + field('b', 'y') + end
  expect(await ask(wholeForm, body)).toEqual([
    200,
    [1, ['x', 'y'], null, [['f', 'g', 3, null]], 'image/png'],
  ])
  const plain = 'application/x-www-form-urlencoded'
  expect(await ask(wholeForm, 'a=1&b=x&b=y', plain)).toEqual([200, [1, ['x', 'y'], null, [], null]])
  expect((await ask(wholeForm, body, 'text/plain'))[0]).toBe(415)
  expect((await ask(wholeForm, body, type, 100))[0]).toBe(413)
})

test('form() puts large files on the disk, and removes them when the request is over', async () => {
  const paths: string[] = []
  const large = 'x'.repeat(300_000)
  const answer = await ask(
    async (request) => {
      const file = (await request.form()).file('f')!
      paths.push(file.path!)
      expect(existsSync(file.path!)).toBe(true)
      return [file.size, (await file.text()) === large, (await file.bytes()).byteLength]
    },
    upload('f', 'g', large) + end,
  )
  expect(answer).toEqual([200, [300_000, true, 300_000]])
  await vi.waitFor(() => expect(paths.map((path) => existsSync(path))).toEqual([false]))
})

test('form() answers 400 to a body that is cut off, though its file is on the disk', async () => {
  const body = upload('f', 'g', 'x'.repeat(300_000))
  expect((await ask((request) => request.form(), body))[0]).toBe(400)
})

test('multipart() asks the connection for no more than is read', async () => {
  let release!: () => void
  const released = new Promise<void>((resolve) => (release = resolve))
  const app = new Application().post('/', async (request) => {
    for await (const part of request.multipart()) {
      await released
      for await (const _ of part);
    }
    return text('read')
  })
  const server = new MemoryServer(app)
  const client = server.connect()
  const body = upload('f', 'g', 'x'.repeat(500_000)) + end
  await client.send(
    `POST / HTTP/1.1\r\nhost: a\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 100_000)}`,
  )
  await client.send(body.slice(100_000, 300_000))
  expect(client.transport.peer.paused).toBe(true)
  release()
  await client.send(body.slice(300_000))
  await vi.waitFor(() => expect(client.statuses()).toEqual([200]))
  await client.end()
  server.host.end()
  expect(server.errors).toEqual([])
})
