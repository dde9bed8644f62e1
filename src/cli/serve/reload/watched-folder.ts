/**
 * Waits for a file of a folder to change. The system only says where to look; what changed is what differs
 * from the state before, so that nothing is told twice and nothing that came in between is missed.
 */
import { type FSWatcher, watch } from 'node:fs'
import { AsyncEvent, moveOnAfter, now } from '../../../index.ts'
import { UsageError } from '../../usage-error.ts'
import { changedFile, type SourceFiles, sourceFiles } from './source-files.ts'

// An editor writes a file in several steps, and a switch of branches many files.
const quiet = 100
// Whatever goes on.
const longestWait = 2_000

export class WatchedFolder implements Disposable {
  readonly #root: string
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #touched: AsyncEvent = new AsyncEvent()
  #state: SourceFiles = { folders: [], files: new Map(), cut: false }

  private constructor(root: string) {
    this.#root = root
  }

  /** @throws UsageError if it can't be watched */
  static async open(root: string): Promise<WatchedFolder> {
    const folder = new WatchedFolder(root)
    try {
      folder.#state = await folder.#look()
      return folder
    } catch (error) {
      folder[Symbol.dispose]()
      throw error
    }
  }

  /** Whether it has more folders than are watched. */
  get cut(): boolean {
    return this.#state.cut
  }

  /**
   * Waits until a file is new, gone or changed, and nothing has happened for a tenth of a second. Tells the
   * path of one that did, below the folder.
   *
   * Cancellation: only stops waiting; the change is told to the next call.
   */
  async changed(): Promise<string> {
    for (;;) {
      await this.#touched.wait()
      const latest = now() + longestWait
      do this.#touched.clear()
      while (!(await moveOnAfter(quiet, () => this.#touched.wait())).timedOut && now() < latest)
      const state = await this.#look()
      const name = changedFile(this.#state, state)
      this.#state = state
      if (name !== undefined) return name
    }
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  async #look(): Promise<SourceFiles> {
    const state = await sourceFiles(this.#root, (path) => this.#watch(path))
    const left = new Set(state.folders)
    for (const [path, watcher] of this.#watchers) {
      if (left.has(path)) continue
      watcher.close()
      this.#watchers.delete(path)
    }
    return state
  }

  #watch(path: string): void {
    if (this.#watchers.has(path)) return
    try {
      const watcher = watch(path, () => this.#touched.set())
      // It is gone; the next look finds that out.
      watcher.on('error', () => this.#touched.set())
      this.#watchers.set(path, watcher)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return
      throw new UsageError(`Cannot use --reload: watching "${path}" failed: ${message}`, {
        cause: error,
      })
    }
  }
}
