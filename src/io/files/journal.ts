/**
 * A file that only grows, a record a line, and of which no record is lost that somebody was told of.
 *
 * Bringing a file to the disk takes milliseconds, whatever is written: so all records that come while one write is
 * under way share the next.
 */
import type { FileHandle } from 'node:fs/promises'
import { open as openHandle } from 'node:fs/promises'
import { ClosedResourceError } from '../../concurrency/errors.ts'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { show } from '../../concurrency/scope/arguments.ts'
import { abortable } from '../../concurrency/tasks/abortable.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { checkPath } from './check-path.ts'
import { fileOperation } from './file-operation.ts'

export interface JournalOptions {
  /** Whether `append()` waits until the record is on the disk, and not only with the system. Default true. */
  sync?: boolean
}

interface Batch {
  text: string
  readonly written: PromiseWithResolvers<void>
}

/** Made by `openJournal()`. To be closed, best by `await using`. */
export class Journal implements AsyncDisposable {
  readonly path: string
  readonly #handle: FileHandle
  readonly #sync: boolean
  /** What waits for the write that is under way. */
  #next: Batch | undefined = undefined
  #writing: Promise<void> | undefined = undefined
  #failure: Error | undefined = undefined
  #closing: Promise<void> | undefined = undefined

  /** @internal */
  constructor(path: string, handle: FileHandle, sync: boolean) {
    this.path = path
    this.#handle = handle
    this.#sync = sync
  }

  /**
   * Writes a record behind the others. When it resolves, the record is on the disk.
   *
   * Cancellation: if the scope was cancelled before, nothing is written; if it is cancelled while this waits, the
   * record is written all the same.
   *
   * @throws TypeError for a record with a line break in it
   * @throws The system's error if it can't be written; the journal takes nothing more then
   * @throws ClosedResourceError after `close()`
   */
  async append(record: string): Promise<void> {
    currentScope().throwIfCancelled()
    if (typeof record !== 'string') {
      throw new TypeError(`Cannot append ${show(record)}: expected a string`)
    }
    if (/[\n\r]/.test(record)) {
      throw new TypeError('Cannot append a record with a line break: it would be two')
    }
    if (this.#closing !== undefined) {
      throw new ClosedResourceError(`Cannot append to "${this.path}": it is closed`)
    }
    if (this.#failure !== undefined) throw this.#failure
    const batch = (this.#next ??= { text: '', written: Promise.withResolvers() })
    batch.text += `${record}\n`
    this.#writing ??= outsideScopes(() => this.#write())
    await abortable(batch.written.promise)
  }

  /**
   * Waits for what is being written, and closes the file. Calling it again joins in.
   *
   * Cancellation: is never thrown.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await this.#writing
    await this.#handle.close()
  }

  async #write(): Promise<void> {
    for (let batch = this.#next; batch !== undefined; batch = this.#next) {
      this.#next = undefined
      // Who was cancelled while it waited does not come for it.
      batch.written.promise.catch(ignore)
      try {
        if (this.#failure !== undefined) throw this.#failure
        await this.#handle.appendFile(batch.text)
        if (this.#sync) await this.#handle.datasync()
        batch.written.resolve()
      } catch (error) {
        this.#failure ??= error as Error
        batch.written.reject(error)
      }
    }
    this.#writing = undefined
  }
}

const optionNames: Names<JournalOptions> = { sync: true }

// How far back the end of the last whole record is looked for in one go.
const tailSize = 65_536

/**
 * Opens a journal, and makes it if there is none. A last record without its end, left by a crash in the middle of
 * a write, was never acknowledged and is cut off. Read it back with `open(path)` and its `lines()`.
 *
 * ```ts
 * await using folder = await temporaryFolder()
 * await using journal = await openJournal(`${folder.path}/orders.log`)
 * await Promise.all(['first', 'second'].map((order) => journal.append(order)))
 * console.log((await readText(journal.path)).split('\n')[1]) // → second
 * ```
 *
 * Cancellation: the file is not left open.
 *
 * @throws The system's error if it can't be opened
 */
export async function openJournal(path: string, options: JournalOptions = {}): Promise<Journal> {
  checkPath('open the journal', path)
  checkNames(options, optionNames, 'openJournal()')
  const { sync = true } = options
  const handle = await fileOperation(
    () => openHandle(path, 'a+'),
    (late) => late.close(),
  )
  try {
    await cutTornRecord(handle)
  } catch (error) {
    await handle.close()
    throw error
  }
  return new Journal(path, handle, sync)
}

async function cutTornRecord(handle: FileHandle): Promise<void> {
  const { size } = await fileOperation(() => handle.stat())
  const buffer = Buffer.alloc(tailSize)
  for (let end = size; end > 0;) {
    const start = Math.max(end - tailSize, 0)
    const { bytesRead } = await fileOperation(() => handle.read(buffer, 0, end - start, start))
    const at = buffer.subarray(0, bytesRead).lastIndexOf(10)
    end = at < 0 ? start : start + at + 1
    if (at < 0 && end > 0) continue
    if (end < size) await fileOperation(() => handle.truncate(end))
    return
  }
}

function ignore(): void {}
