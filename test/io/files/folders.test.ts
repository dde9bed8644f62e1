import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { moveOnAfter } from 'spool'
import {
  copyFile,
  glob,
  openJournal,
  pathInfo,
  readBytes,
  readText,
  replaceFile,
  temporaryFile,
  type TemporaryFolder,
  temporaryFolder,
  walk,
  writeBytes,
  writeText,
} from 'spool/io'
import { openFilesBelow } from '../../support/descriptors.ts'
import { turnUntil } from '../../support/open-resources.ts'

let folder: TemporaryFolder

beforeEach(async () => {
  folder = await temporaryFolder()
})

afterEach(async () => {
  await turnUntil(() => openFilesBelow(folder.path).length === 0)
  await folder.remove()
})

/** The code of the error that `fn` throws when it is cancelled, before or after it has begun. */
async function cancelled(fn: () => Promise<unknown>, before: boolean): Promise<unknown> {
  const outcome = await moveOnAfter(10_000, async ({ cancel }) => {
    if (before) cancel()
    const running = fn()
    cancel()
    await running
  }).catch((error: unknown) => error)
  return (outcome as { code?: unknown }).code
}

test('temporaryFolder() and temporaryFile() are gone when they are disposed of', async () => {
  let paths: string[] = []
  {
    await using inner = await temporaryFolder({ folder: folder.path, prefix: 'in-' })
    await using file = await temporaryFile({ folder: inner.path, suffix: '.txt' })
    await file.file.write('secret')
    paths = [inner.path, file.path]
    expect(file.path).toMatch(/\.txt$/)
    expect(await pathInfo(file.path)).toMatchObject({ kind: 'file', size: 6, permissions: 0o600 })
    expect(paths.every((path) => existsSync(path))).toBe(true)
  }
  expect(paths.some((path) => existsSync(path))).toBe(false)
  expect(readdirSync(folder.path)).toEqual([])
})

test.each([true, false])(
  'temporaryFile() that is cancelled leaves nothing (before: %s)',
  async (before) => {
    expect(await cancelled(() => temporaryFile({ folder: folder.path }), before)).toBe(
      'SPOOL_CANCELLED',
    )
    await turnUntil(() => readdirSync(folder.path).length === 0)
  },
)

test('walk() tells all that is below, and goes no deeper and through no link unless asked', async () => {
  mkdirSync(`${folder.path}/a/b/c`, { recursive: true })
  writeFileSync(`${folder.path}/a/one`, '')
  writeFileSync(`${folder.path}/a/b/two`, '')
  symlinkSync(`${folder.path}/a/b`, `${folder.path}/link`)
  const told = async (options?: Parameters<typeof walk>[1]): Promise<string[]> =>
    (await Array.fromAsync(walk(folder.path, options)))
      .map(({ path, kind, depth }) => `${depth} ${kind} ${path.slice(folder.path.length + 1)}`)
      .sort()
  expect(await told()).toEqual([
    '1 folder a',
    '1 link link',
    '2 file a/one',
    '2 folder a/b',
    '3 file a/b/two',
    '3 folder a/b/c',
  ])
  expect(await told({ depth: 1 })).toEqual(['1 folder a', '1 link link'])
  expect(await told({ enter: ({ name }) => name !== 'b' })).toHaveLength(4)
  expect(await told({ followLinks: true })).toContain('2 file link/two')
  await expect(Array.fromAsync(walk(`${folder.path}/none`))).rejects.toMatchObject({
    code: 'ENOENT',
  })
})

test('walk() that is left or cancelled in the middle leaves no folder open', async () => {
  for (let index = 0; index < 100; index++) writeFileSync(`${folder.path}/${index}`, '')
  for await (const _ of walk(folder.path)) break
  expect(openFilesBelow(folder.path)).toEqual([])
  let seen = 0
  const outcome = await moveOnAfter(10_000, async ({ cancel }) => {
    for await (const _ of walk(folder.path)) if (++seen === 3) cancel()
  }).catch((error: unknown) => error)
  expect(outcome).toMatchObject({ code: 'SPOOL_CANCELLED' })
  expect(seen).toBe(3)
})

test('glob() finds by patterns, and stops when it is cancelled', async () => {
  mkdirSync(`${folder.path}/src/deep`, { recursive: true })
  for (const name of ['a.ts', 'src/b.ts', 'src/deep/c.ts', 'src/d.js'])
    writeFileSync(`${folder.path}/${name}`, '')
  const found = await Array.fromAsync(glob('**/*.ts', { folder: folder.path, exclude: ['a.*'] }))
  expect(found.sort()).toEqual(['src/b.ts', 'src/deep/c.ts'])
  expect(
    await cancelled(() => Array.fromAsync(glob(['**/*'], { folder: folder.path })), true),
  ).toBe('SPOOL_CANCELLED')
})

test('pathInfo() tells what is there, through links and not, or that nothing is', async () => {
  writeFileSync(`${folder.path}/file`, '12345')
  chmodSync(`${folder.path}/file`, 0o640)
  symlinkSync('file', `${folder.path}/link`)
  expect(await pathInfo(`${folder.path}/link`)).toMatchObject({
    kind: 'file',
    size: 5,
    permissions: 0o640,
  })
  expect(await pathInfo(`${folder.path}/link`, { followLinks: false })).toMatchObject({
    kind: 'link',
  })
  expect(await pathInfo(folder.path)).toMatchObject({ kind: 'folder' })
  expect(await pathInfo('/dev/null')).toMatchObject({ kind: 'other' })
  expect(await pathInfo(`${folder.path}/none`)).toBeUndefined()
  expect(await pathInfo(`${folder.path}/file/below`)).toBeUndefined()
})

test('readText(), writeText(), readBytes() and writeBytes() take whole files', async () => {
  await writeText(`${folder.path}/text`, 'wörter')
  expect(await readText(`${folder.path}/text`)).toBe('wörter')
  await writeBytes(`${folder.path}/bytes`, Uint8Array.of(1, 2))
  expect([...(await readBytes(`${folder.path}/bytes`))]).toEqual([1, 2])
  await expect(readText(`${folder.path}/none`)).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(writeText(`${folder.path}/none/below`, '')).rejects.toMatchObject({ code: 'ENOENT' })
  for (const before of [true, false]) {
    expect(await cancelled(() => readText(`${folder.path}/text`), before)).toBe('SPOOL_CANCELLED')
    expect(await cancelled(() => writeText(`${folder.path}/text`, 'x'), before)).toBe(
      'SPOOL_CANCELLED',
    )
  }
})

test('copyFile() shows the old target or the whole copy, tells progress, and cancelled leaves nothing', async () => {
  const [source, target] = [`${folder.path}/source`, `${folder.path}/target`]
  writeFileSync(source, Buffer.alloc(2_500_000, 'spool'))
  writeFileSync(target, 'old')
  expect(await cancelled(() => copyFile(source, target), true)).toBe('SPOOL_CANCELLED')
  let calls = 0
  const stopped = await moveOnAfter(10_000, ({ cancel }) =>
    copyFile(source, target, { onProgress: () => void (++calls === 2 && cancel()) }),
  ).catch((error: unknown) => error)
  expect(stopped).toMatchObject({ code: 'SPOOL_CANCELLED' })
  expect(readFileSync(target, 'utf8')).toBe('old')
  expect(readdirSync(folder.path).sort()).toEqual(['source', 'target'])
  const progress: number[] = []
  await copyFile(source, target, { onProgress: (copied, total) => progress.push(copied / total) })
  expect(readFileSync(target).equals(readFileSync(source))).toBe(true)
  expect(progress.at(-1)).toBe(1)
  await expect(copyFile(`${folder.path}/none`, target)).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(copyFile(source, `${folder.path}/none/below`)).rejects.toMatchObject({
    code: 'ENOENT',
  })
})

test.each([true, false])(
  'replaceFile() that is cancelled leaves the old file and nothing beside it (before: %s)',
  async (before) => {
    writeFileSync(`${folder.path}/file`, 'old')
    expect(await cancelled(() => replaceFile(`${folder.path}/file`, 'new'), before)).toBe(
      'SPOOL_CANCELLED',
    )
    expect(readFileSync(`${folder.path}/file`, 'utf8')).toBe('old')
    expect(readdirSync(folder.path)).toEqual(['file'])
  },
)

test('openJournal() appends records of many tasks, each once, and reads on after a crash', async () => {
  const path = `${folder.path}/journal`
  {
    await using journal = await openJournal(path)
    await Promise.all(Array.from({ length: 100 }, (_, index) => journal.append(`record ${index}`)))
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(101)
    await expect(journal.append('two\nlines')).rejects.toThrow('it would be two')
  }
  writeFileSync(path, `${readFileSync(path, 'utf8')}torn${'x'.repeat(100_000)}`)
  {
    await using journal = await openJournal(path, { sync: false })
    await journal.append('after')
    await journal.close()
    await expect(journal.append('late')).rejects.toMatchObject({ code: 'SPOOL_CLOSED' })
  }
  const records = readFileSync(path, 'utf8').split('\n')
  expect(records.slice(-3)).toEqual(['record 99', 'after', ''])
  writeFileSync(path, 'only a torn one')
  await (await openJournal(path)).close()
  expect(readFileSync(path, 'utf8')).toBe('')
})

test('append() that is cancelled while it waits has written its record all the same', async () => {
  const path = `${folder.path}/journal`
  await using journal = await openJournal(path)
  expect(await cancelled(() => journal.append('early'), true)).toBe('SPOOL_CANCELLED')
  expect(await cancelled(() => journal.append('late'), false)).toBe('SPOOL_CANCELLED')
  await journal.append('next')
  expect(readFileSync(path, 'utf8')).toBe('late\nnext\n')
})
