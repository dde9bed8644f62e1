import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CancelledError, timeout } from 'spool'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { currentScope } from '../../../../src/concurrency/scope/scope.ts'
import { openForReading } from '../../../../src/io/files/reader/file-reader.ts'
import { readFolder, resolveLinks } from '../../../../src/io/files/reader/folders.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-reader-'))
  await writeFile(join(folder, 'b.txt'), 'hello, world')
  await mkdir(join(folder, 'a'))
  await symlink(join(folder, 'b.txt'), join(folder, 'link'))
})

afterAll(() => rm(folder, { recursive: true }))

test('openForReading() knows size, kind and time, and reads from any place', async () => {
  await using file = await openForReading(join(folder, 'b.txt'))
  expect([file.size, file.kind]).toEqual([12, 'file'])
  expect(Math.abs(file.modified - Date.now())).toBeLessThan(3_600_000)
  expect(Buffer.from(await file.read(7, 12)).toString()).toBe('world')
  expect(Buffer.from(await file.readSome(0, 5)).toString()).toBe('hello')
  expect((await file.read(3, 3)).byteLength).toBe(0)
})

test('readSome() reads 64 KiB at most', async () => {
  const path = join(folder, 'large')
  await writeFile(path, Buffer.alloc(100_000, 1))
  await using file = await openForReading(path)
  expect((await file.readSome(0, file.size)).byteLength).toBe(65_536)
  await rm(path)
})

test('read() fails if the file has become shorter', async () => {
  const path = join(folder, 'short')
  await writeFile(path, 'abcdef')
  await using file = await openForReading(path)
  await truncate(path, 2)
  await expect(file.read(0, 6)).rejects.toMatchObject({
    code: 'SPOOL_BROKEN',
    message: `Cannot read "${path}" up to byte 6: it ends at byte 2`,
  })
  await rm(path)
})

test('openForReading() tells folders and pipes from files, and does not wait for a writer', async () => {
  await using directory = await openForReading(folder)
  expect(directory.kind).toBe('folder')
  const path = join(folder, 'pipe')
  const makePipe = '/usr/bin/mkfifo'
  execFileSync(makePipe, [path])
  await using pipe = await openForReading(path)
  expect(pipe.kind).toBe('other')
  await rm(path)
})

test('openForReading() follows a link only if it may', async () => {
  await using file = await openForReading(join(folder, 'link'))
  expect(file.size).toBe(12)
  const refused = openForReading(join(folder, 'link'), { followLink: false })
  await expect(refused).rejects.toMatchObject({ code: 'ELOOP' })
})

test('openForReading() throws what the system says', async () => {
  await expect(openForReading(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('openForReading() leaves nothing open when it is cancelled', async () => {
  const path = join(folder, 'b.txt')
  const opening = timeout(60_000, async ({ cancel }) => {
    const opened = openForReading(path)
    cancel('enough')
    return opened
  })
  await expect(opening).rejects.toBeInstanceOf(CancelledError)
})

test('read() stops waiting when it is cancelled, and the file can be read on', async () => {
  await using file = await openForReading(join(folder, 'b.txt'))
  const reading = timeout(60_000, async () => {
    const read = file.read(0, 5)
    currentScope().cancel('enough')
    return read
  })
  await expect(reading).rejects.toBeInstanceOf(CancelledError)
  expect(Buffer.from(await file.read(0, 5)).toString()).toBe('hello')
})

test('close() may be called again, and ends the reading', async () => {
  const file = await openForReading(join(folder, 'b.txt'))
  await file.close()
  await file.close()
  await expect(file.read(0, 1)).rejects.toMatchObject({ code: 'EBADF' })
})

test('readFolder() lists by name, and resolveLinks() follows all links', async () => {
  expect(await readFolder(folder)).toEqual([
    { name: 'a', kind: 'folder' },
    { name: 'b.txt', kind: 'file' },
    { name: 'link', kind: 'link' },
  ])
  expect(await resolveLinks(join(folder, 'link'))).toBe(await resolveLinks(join(folder, 'b.txt')))
  await expect(readFolder(join(folder, 'b.txt'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})
