/**
 * A file that comes in over time: it has its name only once it is there as a whole. Until then it is
 * called `.part` and can be gone on with, or has a name that nobody else has.
 */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { currentScope } from '../../concurrency/scope/scope.ts'

// Whose `.part` somebody writes: whole paths.
const taken = new Set<string>()

export class PartFile {
  readonly #path: string
  // What it is called until then.
  readonly #part: string
  readonly #file: FileHandle
  #size: number

  private constructor(path: string, part: string, file: FileHandle, size: number) {
    this.#path = path
    this.#part = part
    this.#file = file
    this.#size = size
  }

  /**
   * Keeps others in this process from the `.part` of a file, until it is disposed of. Undefined if somebody
   * has it.
   */
  static take(path: string): Disposable | undefined {
    const whole = resolve(path)
    if (taken.has(whole)) return undefined
    taken.add(whole)
    return { [Symbol.dispose]: () => void taken.delete(whole) }
  }

  /**
   * How many bytes there are of a file that did not get to its end; undefined if there is no `.part`, NaN if
   * that is no file.
   */
  static async sizeOf(path: string): Promise<number | undefined> {
    try {
      const found = await stat(partOf(path))
      return found.isFile() ? found.size : Number.NaN
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  /** Begins a file, or goes on with one after `size` bytes; what is behind them is dropped. */
  static async open(path: string, size: number = 0): Promise<PartFile> {
    currentScope().throwIfCancelled()
    const part = partOf(path)
    const file = await open(part, size === 0 ? 'w' : 'r+')
    try {
      await file.truncate(size)
    } catch (error) {
      await file.close()
      throw error
    }
    return new PartFile(path, part, file, size)
  }

  /** Begins a file that can't be gone on with, and that several may write at the same time. */
  static async create(path: string): Promise<PartFile> {
    currentScope().throwIfCancelled()
    // In the same folder: a rename does not leave its file system. `wx` refuses a name that is taken.
    const part = `${path}.${Math.random().toString(36).slice(2)}.tmp`
    return new PartFile(path, part, await open(part, 'wx'), 0)
  }

  /** Drops the `.part` of a file. */
  static async remove(path: string): Promise<void> {
    await rm(partOf(path), { force: true })
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size
  }

  /**
   * Writes behind what is there.
   *
   * Cancellation: what was begun is written.
   */
  async write(bytes: Uint8Array): Promise<void> {
    currentScope().throwIfCancelled()
    for (let at = 0; at < bytes.byteLength;) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.byteLength - at, this.#size)
      at += bytesWritten
      this.#size += bytesWritten
    }
  }

  /** Brings it to the disk and gives it its name, in the place of what has it. */
  async finish(): Promise<void> {
    try {
      await this.#file.sync()
    } finally {
      await this.#file.close()
    }
    currentScope().throwIfCancelled()
    await rename(this.#part, this.#path)
  }

  /** Leaves what there is as it is, or drops it. Does not throw. */
  async leave(keep: boolean): Promise<void> {
    try {
      await this.#file.close()
      if (!keep) await rm(this.#part, { force: true })
    } catch {
      // It is the error that came first that counts.
    }
  }
}

function partOf(path: string): string {
  return `${path}.part`
}
