/**
 * A file that comes in over time: it has its name only once it is there as a whole. Until then it is
 * called `.part`, and can be gone on with.
 */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { currentScope } from '../../concurrency/scope/scope.ts'

export class PartFile {
  readonly #path: string
  readonly #file: FileHandle
  #size: number

  private constructor(path: string, file: FileHandle, size: number) {
    this.#path = path
    this.#file = file
    this.#size = size
  }

  /** How many bytes there are of a file that did not get to its end; 0 if there are none. */
  static async sizeOf(path: string): Promise<number> {
    try {
      const found = await stat(partOf(path))
      return found.isFile() ? found.size : 0
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
      throw error
    }
  }

  /** Begins a file, or goes on with one after `size` bytes; what is behind them is dropped. */
  static async open(path: string, size: number = 0): Promise<PartFile> {
    currentScope().throwIfCancelled()
    const file = await open(partOf(path), size === 0 ? 'w' : 'r+')
    try {
      await file.truncate(size)
    } catch (error) {
      await file.close()
      throw error
    }
    return new PartFile(path, file, size)
  }

  /** Drops what there is of a file. */
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
    await rename(partOf(this.#path), this.#path)
  }

  /** Leaves what there is as it is, or drops it. Does not throw. */
  async leave(keep: boolean): Promise<void> {
    try {
      await this.#file.close()
      if (!keep) await PartFile.remove(this.#path)
    } catch {
      // It is the error that came first that counts.
    }
  }
}

function partOf(path: string): string {
  return `${path}.part`
}
