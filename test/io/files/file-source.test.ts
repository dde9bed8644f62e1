import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BrokenResourceError, CancelledError, taskGroup } from 'spool'
import { fileSource, type FileSource } from 'spool/io'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-'))
  path = join(folder, 'file.bin')
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function read(source: FileSource): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('fileSource()', () => {
  it('knows what the file is called and how long it is, and can be read again', async () => {
    const bytes = Buffer.alloc(150_000, 'abc')
    await writeFile(path, bytes)
    const source = await fileSource(path, { type: 'text/x' })
    expect(source).toMatchObject({ name: 'file.bin', type: 'text/x', size: 150_000, path })
    expect((await read(source)).equals(bytes)).toBe(true)
    expect((await read(source)).equals(bytes)).toBe(true)
  })

  it('gives a part of a file', async () => {
    await writeFile(path, '0123456789')
    expect((await read(await fileSource(path, { start: 2, end: 5 }))).toString()).toBe('234')
    expect((await read(await fileSource(path, { start: 10 }))).toString()).toBe('')
    await expect(fileSource(path, { start: 11 })).rejects.toThrow('bytes 11 to 10')
    await expect(fileSource(path, { end: 11 })).rejects.toBeInstanceOf(RangeError)
    await expect(fileSource(path, { start: -1 })).rejects.toBeInstanceOf(RangeError)
  })

  it('throws for what is not there, and for what is no file', async () => {
    await expect(fileSource(path)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(fileSource(folder)).rejects.toBeInstanceOf(TypeError)
  })

  it('throws where the file has become shorter', async () => {
    await writeFile(path, Buffer.alloc(100_000))
    const source = await fileSource(path)
    await truncate(path, 70_000)
    await expect(read(source)).rejects.toBeInstanceOf(BrokenResourceError)
  })

  it('ends at the next chunk where it is cancelled', async () => {
    await writeFile(path, Buffer.alloc(1_000_000))
    const source = await fileSource(path)
    let chunks = 0
    let error: unknown
    await taskGroup(async (group) => {
      try {
        for await (const chunk of source) {
          chunks += chunk.byteLength > 0 ? 1 : 0
          group.cancel()
        }
      } catch (caught) {
        error = caught
      }
    })
    expect(chunks).toBe(1)
    expect(error).toBeInstanceOf(CancelledError)
  })
})
