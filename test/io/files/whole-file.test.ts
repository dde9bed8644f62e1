import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CancelledError, moveOnAfter, taskGroup } from 'spool'
import { readText, readWhole, replaceFile } from '../../../src/io/files/whole-file.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'whole-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe('replaceFile()', () => {
  it('puts a new file in the place of the old one, with the permissions given', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'old')
    await replaceFile(path, 'new', { mode: 0o600 })
    expect(await readFile(path, 'utf8')).toBe('new')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('keeps the permissions of the file that it replaces, whatever the mask', async () => {
    const path = join(folder, 'file')
    for (const permissions of [0o600, 0o666, 0o444]) {
      await writeFile(path, 'old', { flag: 'w' })
      await chmod(path, permissions)
      await replaceFile(path, 'new')
      expect(await readFile(path, 'utf8')).toBe('new')
      expect((await stat(path)).mode & 0o777).toBe(permissions)
      await rm(path)
    }
  })

  it('leaves the old file, and nothing beside it, where it is cancelled', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'old')
    const failed = taskGroup(async (group) => {
      const write = replaceFile(path, Buffer.alloc(2 ** 20))
      group.cancel()
      await write
    }).catch((error: unknown) => error)
    await failed
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('says what the system says, and leaves nothing', async () => {
    await expect(replaceFile(join(folder, 'no', 'file'), 'x')).rejects.toMatchObject({
      code: 'ENOENT',
    })
    expect(await readdir(folder)).toEqual([])
  })
})

describe('readWhole()', () => {
  it('gives the text, or undefined where there is no file', async () => {
    await writeFile(join(folder, 'file'), 'grün')
    expect(await readWhole(join(folder, 'file'))).toBe('grün')
    expect(await readWhole(join(folder, 'none'))).toBeUndefined()
    await expect(readWhole(folder)).rejects.toMatchObject({ code: 'EISDIR' })
  })

  it('throws in a cancelled scope', async () => {
    const { timedOut } = await moveOnAfter(1, async ({ cancel }) => {
      cancel()
      const error = await readWhole(join(folder, 'none')).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(CancelledError)
    })
    expect(timedOut).toBe(false)
  })
})

describe('readText()', () => {
  it('is cancelled while it opens a named pipe that nobody writes to', async () => {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    const failed = await taskGroup(async (group) => {
      const read = readText(path)
      group.cancel()
      await read
    }).catch((error: unknown) => error)
    expect(failed === undefined || CancelledError.is(failed)).toBe(true)
    // Whoever opens it to write lets the thread go that still waits to read.
    await (await open(path, 'w')).close()
  })
})
