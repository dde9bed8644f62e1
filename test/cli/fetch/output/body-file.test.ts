import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BodyFile } from '../../../../src/cli/fetch/output/body-file.ts'

describe('BodyFile', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spool-body-'))
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('commit() names a file only when it is whole', async () => {
    const file = new BodyFile(folder, '00000001-a')
    await file.write(new Uint8Array(70_000).fill(65))
    expect(await readdir(folder)).toEqual(['00000001-a.part'])
    await file.write(new Uint8Array(10).fill(66))
    await file.write(new Uint8Array(10).fill(67))
    await file.commit()
    expect(await readdir(folder)).toEqual(['00000001-a'])
    expect(await readFile(join(folder, '00000001-a'), 'latin1')).toBe(
      'A'.repeat(70_000) + 'B'.repeat(10) + 'C'.repeat(10),
    )
    expect(file.bytes).toBe(70_020)
    await file.discard()
    expect(await readdir(folder)).toEqual(['00000001-a'])
  })

  it('commit() keeps an empty body as an empty file', async () => {
    const file = new BodyFile(folder, 'a')
    await file.commit()
    expect(await readFile(join(folder, 'a'), 'latin1')).toBe('')
  })

  it('discard() leaves nothing behind', async () => {
    const file = new BodyFile(folder, 'a')
    await file.write(new Uint8Array(70_000))
    await file.discard()
    expect(await readdir(folder)).toEqual([])
    await file.discard()
  })

  it('discard() removes what a failed commit() left', async () => {
    const file = new BodyFile(folder, 'a')
    await new BodyFile(folder, 'a').discard()
    const { mkdir } = await import('node:fs/promises')
    await mkdir(join(folder, 'a'))
    await file.write(new Uint8Array(1))
    await expect(file.commit()).rejects.toThrow('EISDIR')
    await file.discard()
    expect(await readdir(folder)).toEqual(['a'])
  })

  it('write() replaces a link by a file, and does not write through it', async () => {
    const secret = join(folder, 'secret')
    await writeFile(secret, 'mine')
    await symlink(secret, join(folder, 'a.part'))
    await symlink(secret, join(folder, 'a'))
    const file = new BodyFile(folder, 'a')
    await file.write(Buffer.from('theirs'))
    await file.commit()
    expect(await readFile(secret, 'utf8')).toBe('mine')
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('theirs')
    expect((await lstat(join(folder, 'a'))).isFile()).toBe(true)
  })

  it('write() fails in a folder that is gone', async () => {
    const file = new BodyFile(join(folder, 'gone'), 'a')
    await expect(file.write(new Uint8Array(70_000))).rejects.toThrow('ENOENT')
    await file.discard()
  })
})
