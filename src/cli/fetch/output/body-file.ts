/**
 * A body on its way to the disk: written as `<name>.part` and renamed when it is complete, so that a
 * file without `.part` is whole. A small body takes one write; a large one waits for the disk.
 */
import * as fs from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

// Not `node:fs/promises`: its file handles cost half as much again, for each of a million files.
const open = promisify(fs.open)
const write = promisify(fs.write)
const close = promisify(fs.close)
const rename = promisify(fs.rename)
const unlink = promisify(fs.unlink)

// As much as is kept in memory before a write. Two hundred bodies at once are 13 MB.
const batch = 65_536

export class BodyFile {
  /** Relative to the folder. */
  readonly name: string
  readonly #path: string
  #file: number | undefined = undefined
  // Whether there is a `.part` that would be left behind.
  #unfinished = false
  #chunks: Uint8Array[] = []
  #buffered = 0
  #bytes = 0

  constructor(folder: string, name: string) {
    this.name = name
    this.#path = join(folder, name)
  }

  /** How many were written, or are about to be. */
  get bytes(): number {
    return this.#bytes
  }

  /** Keeps `chunk`, which must not change any more. The promise waits for the disk where need be. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    this.#bytes += chunk.length
    if (this.#buffered >= batch) await this.#flush()
  }

  /** Writes the rest and gives the file its name. */
  async commit(): Promise<void> {
    await this.#flush()
    await this.#close()
    await rename(`${this.#path}.part`, this.#path)
    this.#unfinished = false
  }

  /** Removes what there is of it. Does nothing after `commit()`, and never throws. */
  async discard(): Promise<void> {
    if (!this.#unfinished) return
    await this.#close().catch(() => {})
    await unlink(`${this.#path}.part`).catch(() => {})
  }

  async #flush(): Promise<void> {
    const chunks = this.#chunks
    this.#chunks = []
    this.#buffered = 0
    const file = (this.#file ??= await create(`${this.#path}.part`))
    this.#unfinished = true
    const [first] = chunks
    if (first === undefined) return
    const bytes = chunks.length === 1 ? first : Buffer.concat(chunks)
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await write(file, bytes, at, bytes.length - at, null)
      at += bytesWritten
    }
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    if (file !== undefined) await close(file)
  }
}

// Never through what is there: a link would lead into somebody else's file.
async function create(path: string): Promise<number> {
  try {
    return await open(path, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    await unlink(path)
    return open(path, 'wx')
  }
}
