import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { gather, moveOnAfter } from 'spool'
import { open, type TemporaryFolder, temporaryFolder } from 'spool/io'
import { openFilesBelow } from '../../support/descriptors.ts'
import { turnUntil } from '../../support/open-resources.ts'

let folder: TemporaryFolder
let path: string

beforeEach(async () => {
  folder = await temporaryFolder()
  path = `${folder.path}/file`
})

afterEach(async () => {
  await turnUntil(() => openFilesBelow(folder.path).length === 0)
  await folder.remove()
})

const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString()

test('open() reads and writes at its position, which seek() moves', async () => {
  await using file = await open(path, 'w+')
  await file.write('hello ')
  await file.write(Buffer.from('wörld'))
  expect(file.position).toBe(12)
  expect(await file.size()).toBe(12)
  expect(await file.seek(-6, 'end')).toBe(6)
  expect(textOf(await file.read(2))).toBe('w\ufffd')
  expect(await file.seek(-2, 'current')).toBe(6)
  expect(await file.readText()).toBe('wörld')
  expect(await file.read()).toBeUndefined()
  await file.seek(0)
  expect(textOf(await file.readExactly(5))).toBe('hello')
  await expect(file.readExactly(100)).rejects.toMatchObject({
    code: 'SPOOL_INCOMPLETE_READ',
    partial: Buffer.from(' wörld'),
  })
  await file.truncate(5)
  await file.sync()
  expect(readFileSync(path, 'utf8')).toBe('hello')
  expect(file.fd).toBeGreaterThan(2)
})

test('mode a writes at the end, wherever the position is, and mode x wants a new file', async () => {
  writeFileSync(path, 'first\n')
  await using file = await open(path, 'a+')
  await file.writeLines(['second', 'third'])
  expect(await file.readText()).toBe('first\nsecond\nthird\n')
  await expect(open(path, 'x')).rejects.toMatchObject({ code: 'EEXIST' })
  await using reading = await open(path, 'r')
  await expect(reading.write('no')).rejects.toThrow('its mode does not allow it')
  await using writing = await open(path, 'w')
  await expect(writing.read()).rejects.toThrow('its mode does not allow it')
})

test('lines() takes LF and CR LF, over every border of chunks, and a last line without end', async () => {
  const long = 'ä'.repeat(100_000)
  writeFileSync(path, `one\r\n\n${long}\nlast`)
  await using file = await open(path)
  expect(await Array.fromAsync(file)).toEqual(['one', '', long, 'last'])
  await file.seek(0)
  for await (const line of file.lines()) {
    expect(line).toBe('one')
    break
  }
  await file.seek(0)
  await expect(Array.fromAsync(file.lines({ limit: 1000 }))).rejects.toMatchObject({
    code: 'SPOOL_LIMIT',
  })
})

test('chunks() gives chunks of a size up to an end, from the position on', async () => {
  writeFileSync(path, '0123456789')
  await using file = await open(path)
  await file.seek(1)
  const chunks = await Array.fromAsync(file.chunks({ chunkSize: 3, end: 9 }), textOf)
  expect(chunks).toEqual(['123', '456', '78'])
  expect(file.position).toBe(9)
})

test('readAll() reads special files, which say that they are empty', async () => {
  await using file = await open('/proc/self/status')
  expect(await file.size()).toBe(0)
  expect(await file.readText()).toContain('VmRSS')
})

test('a file serves one task at a time, and none when it is closed', async () => {
  const file = await open(path, 'w+')
  await file.write('x'.repeat(1000))
  await gather(
    async () => file.seek(0).then(() => file.read()),
    async () => {
      await Promise.resolve()
      await expect(file.size()).rejects.toMatchObject({ code: 'SPOOL_BUSY' })
    },
  )
  await Promise.all([file.close(), file.close()])
  expect(file.closed).toBe(true)
  await expect(file.read()).rejects.toThrow(`Cannot read "${path}": it is closed`)
})

test.each([
  ['read', (file: Awaited<ReturnType<typeof open>>) => file.read()],
  ['readExactly', (file: Awaited<ReturnType<typeof open>>) => file.readExactly(3)],
  ['readAll', (file: Awaited<ReturnType<typeof open>>) => file.readAll()],
  ['write', (file: Awaited<ReturnType<typeof open>>) => file.write('more')],
  ['size', (file: Awaited<ReturnType<typeof open>>) => file.size()],
  ['truncate', (file: Awaited<ReturnType<typeof open>>) => file.truncate(6)],
  ['sync', (file: Awaited<ReturnType<typeof open>>) => file.sync()],
])('%s() that is cancelled has not moved the position', async (_name, operation) => {
  writeFileSync(path, '0123456789')
  await using file = await open(path, 'r+')
  await file.seek(2)
  const before = await moveOnAfter(1000, async ({ cancel }) => {
    cancel()
    await operation(file)
  }).catch((error: unknown) => error)
  expect(before).toMatchObject({ code: 'SPOOL_CANCELLED' })
  const meanwhile = await moveOnAfter(1000, async ({ cancel }) => {
    const running = operation(file)
    cancel()
    await running
  }).catch((error: unknown) => error)
  expect(meanwhile).toMatchObject({ code: 'SPOOL_CANCELLED' })
  expect(file.position).toBe(2)
  // A write may have been made.
  expect(textOf(await file.read(1))).toMatch(/[2m]/)
})

test('open() that is cancelled leaves no file open', async () => {
  writeFileSync(path, '')
  for (const early of [true, false]) {
    const outcome = await moveOnAfter(1000, async ({ cancel }) => {
      if (early) cancel()
      const opening = open(path)
      cancel()
      await opening
    }).catch((error: unknown) => error)
    expect(outcome).toMatchObject({ code: 'SPOOL_CANCELLED' })
  }
  await turnUntil(() => openFilesBelow(folder.path).length === 0)
})

test('wrong arguments are refused', async () => {
  await expect(open(path, 'q' as never)).rejects.toThrow(
    'Cannot open a file with mode "q": expected r, r+, w, w+, x, x+, a or a+',
  )
  await expect(open(`${folder.path}/none`)).rejects.toMatchObject({ code: 'ENOENT' })
  await using file = await open(path, 'wb+' as never)
  await expect(file.read(0)).rejects.toThrow('Invalid size 0')
  await expect(file.seek(-1)).rejects.toThrow('Cannot seek to -1')
  await expect(file.truncate(NaN)).rejects.toThrow('Invalid size NaN')
})
