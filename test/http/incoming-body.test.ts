import { expect, test, vi } from 'vitest'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { rootScope, Scope } from '../../src/concurrency/scope/scope.ts'
import { IncomingBody } from '../../src/http/incoming-body.ts'
import { settle } from 'spool/testing'

function make(): {
  body: IncomingBody
  source: Record<'pause' | 'resume' | 'abandon' | 'wanted', ReturnType<typeof vi.fn<() => void>>>
} {
  const source = {
    pause: vi.fn<() => void>(),
    resume: vi.fn<() => void>(),
    abandon: vi.fn<() => void>(),
    wanted: vi.fn<() => void>(),
  }
  return { body: new IncomingBody(source), source }
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

test('text() gives a body that came before it was asked for, again and again', async () => {
  const { body, source } = make()
  body.push(ascii('{"a":'), true)
  body.push(ascii('1}'), true)
  body.end(['x', 'y'])
  expect(body.used).toBe(false)
  expect(await body.text()).toBe('{"a":1}')
  expect(await body.json<{ a: number }>()).toEqual({ a: 1 })
  expect(Buffer.from(await body.bytes()).toString()).toBe('{"a":1}')
  expect(body.used).toBe(true)
  expect(body.complete).toBe(true)
  expect(body.trailers.get('x')).toBe('y')
  expect(source.wanted).toHaveBeenCalledTimes(1)
  expect(source.abandon).not.toHaveBeenCalled()
})

test('bytes() waits for a body that comes later, and copies shared bytes', async () => {
  const { body } = make()
  const shared = ascii('abc')
  const reading = body.bytes()
  body.push(shared, true)
  shared.fill(0)
  body.push(ascii('def'), false)
  await settle()
  body.end()
  expect(Buffer.from(await reading).toString()).toBe('abcdef')
})

test('bytes() of an empty body is empty', async () => {
  const { body } = make()
  body.end()
  expect((await body.bytes()).byteLength).toBe(0)
})

async function decoded(bytes: number[], charset?: string): Promise<string> {
  const { body } = make()
  body.push(Uint8Array.from(bytes), false)
  body.end()
  return body.text(Infinity, charset)
}

test('text() decodes other charsets, malformed parts, and takes the byte order mark away', async () => {
  expect(await decoded([0xe4], 'iso-8859-1')).toBe('ä')
  expect(await decoded([0xe4])).toBe('\uFFFD')
  expect(await decoded([0xef, 0xbb, 0xbf, 0x61])).toBe('a')
  await expect(decoded([0x61], 'no-such')).rejects.toThrow(RangeError)
})

test('bytes() refuses more than the limit, whether it is here or comes', async () => {
  const here = make()
  here.body.push(ascii('12345'), true)
  await expect(here.body.bytes(4)).rejects.toMatchObject({ code: 'SPOOL_BODY_TOO_LARGE' })
  expect(here.source.abandon).toHaveBeenCalledTimes(1)

  const comes = make()
  const reading = comes.body.bytes(4)
  comes.body.push(ascii('1234'), true)
  comes.body.push(ascii('5'), true)
  await expect(reading).rejects.toThrow('Refused a body of more than 4 bytes, which is the limit')
  expect(comes.source.abandon).toHaveBeenCalledTimes(1)
  comes.body.push(ascii('6'), true)
  expect(comes.body.queued).toBe(0)
})

test('IncomingBody pauses its source when 64 KiB wait and resumes it when half is taken', async () => {
  const { body, source } = make()
  for (let count = 0; count < 4; count++) body.push(new Uint8Array(16_384), false)
  expect(source.pause).toHaveBeenCalledTimes(1)
  const chunks = body[Symbol.asyncIterator]()
  await chunks.next()
  expect(source.resume).not.toHaveBeenCalled()
  await chunks.next()
  expect(source.resume).toHaveBeenCalledTimes(1)
  expect(body.queued).toBe(32_768)
})

test('bytes() resumes a paused source, which may push at once', async () => {
  const { body, source } = make()
  body.push(new Uint8Array(65_536), false)
  source.resume.mockImplementation(() => {
    body.push(new Uint8Array(1), false)
    body.end()
  })
  expect((await body.bytes()).byteLength).toBe(65_537)
})

test('a loop over IncomingBody gives chunks as they come', async () => {
  const { body, source } = make()
  const seen: string[] = []
  const reading = (async () => {
    for await (const chunk of body) seen.push(Buffer.from(chunk).toString())
  })()
  body.push(ascii('a'), true)
  await settle()
  expect(seen).toEqual(['a'])
  body.push(ascii('b'), true)
  body.end()
  await reading
  expect(seen).toEqual(['a', 'b'])
  expect(source.abandon).not.toHaveBeenCalled()
})

test('a loop over IncomingBody that is left early abandons the rest', async () => {
  const { body, source } = make()
  body.push(ascii('a'), true)
  for await (const chunk of body) if (chunk.byteLength > 0) break
  expect(source.abandon).toHaveBeenCalledTimes(1)
})

test('IncomingBody has one reader', async () => {
  const { body } = make()
  const reading = body.text()
  await expect(body.bytes()).rejects.toMatchObject({ code: 'SPOOL_BUSY' })
  expect(() => body[Symbol.asyncIterator]()).toThrow(/read already/)
  body.end()
  await reading
  const streamed = make().body
  streamed[Symbol.asyncIterator]()
  await expect(streamed.text()).rejects.toMatchObject({ code: 'SPOOL_BUSY' })
})

test('fail() gives what came before to a loop, and then the error', async () => {
  const { body } = make()
  body.push(ascii('a'), true)
  body.fail(new Error('reset'))
  const chunks = body[Symbol.asyncIterator]()
  expect((await chunks.next()).done).toBe(false)
  await expect(chunks.next()).rejects.toThrow('reset')
  const collected = make().body
  const reading = collected.bytes()
  collected.fail(new Error('reset'))
  await expect(reading).rejects.toThrow('reset')
})

test('abandon() wakes a reader with an error, not with an end', async () => {
  const { body } = make()
  const chunks = body[Symbol.asyncIterator]()
  const next = chunks.next()
  body.abandon()
  await expect(next).rejects.toMatchObject({ code: 'SPOOL_BROKEN' })
  await expect(chunks.next()).rejects.toMatchObject({ code: 'SPOOL_BROKEN' })
})

test('bytes() that is cancelled abandons the body', async () => {
  const { body, source } = make()
  const scope = new Scope(rootScope)
  const reading = runInScope(scope, () => body.bytes())
  scope.cancel('enough')
  await expect(reading).rejects.toMatchObject({ code: 'SPOOL_CANCELLED' })
  expect(source.abandon).toHaveBeenCalledTimes(1)
  scope.end()
})

test('a cancelled scope reads nothing, even what is there', async () => {
  const { body } = make()
  body.push(ascii('a'), true)
  body.end()
  const scope = new Scope(rootScope)
  scope.cancel()
  await expect(runInScope(scope, () => body.text())).rejects.toMatchObject({
    code: 'SPOOL_CANCELLED',
  })
  expect(await body.text()).toBe('a')
  scope.end()
})

test('a cancelled wait for a chunk loses nothing', async () => {
  const { body, source } = make()
  const chunks = body[Symbol.asyncIterator]()
  const scope = new Scope(rootScope)
  const next = runInScope(scope, () => chunks.next())
  scope.cancel()
  await expect(next).rejects.toMatchObject({ code: 'SPOOL_CANCELLED' })
  body.push(ascii('a'), true)
  expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('a')
  expect(source.abandon).not.toHaveBeenCalled()
  scope.end()
})

test('takeWhole() takes a body that is there and unread, and leaves every other', async () => {
  const source = { pause() {}, resume() {}, abandon() {} }
  const whole = new IncomingBody(source)
  whole.push(Buffer.from('ab'), false)
  expect(whole.takeWhole()).toBeUndefined()
  whole.push(Buffer.from('c'), true)
  whole.end()
  expect(Buffer.from(whole.takeWhole() ?? []).toString()).toBe('abc')
  expect(whole.takeWhole()).toBeUndefined()
  // As after `bytes()`.
  expect(await whole.text()).toBe('abc')

  const read = new IncomingBody(source)
  read[Symbol.asyncIterator]()
  read.end()
  expect(read.takeWhole()).toBeUndefined()

  const failed = new IncomingBody(source)
  failed.fail(new Error('broken'))
  failed.end()
  expect(failed.takeWhole()).toBeUndefined()
})
