/** Files that are read and written as a whole. */
import { open, readFile, rename, rm } from 'node:fs/promises'
import { currentScope } from '../../concurrency/scope/scope.ts'

export interface ReplaceFileOptions {
  /** The permissions of the new file. Default 0o666, less what the process's mask takes away. */
  mode?: number | undefined
}

/**
 * The text of a file, as UTF-8; undefined if there is none.
 *
 * Cancellation: nothing is left behind.
 */
export async function readWhole(path: string): Promise<string | undefined> {
  const scope = currentScope()
  scope.throwIfCancelled()
  try {
    return await readFile(path, { encoding: 'utf8', signal: scope.signal })
  } catch (error) {
    scope.throwIfCancelled()
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Puts a new file in the place of what is there, if anything. Who opens it finds the old one or the
 * new one and never half of one, also after a crash: it is written beside, brought to the disk, and
 * renamed.
 *
 * Cancellation: the old file stays, and nothing is left beside it.
 */
export async function replaceFile(
  path: string,
  data: string | Uint8Array,
  options: ReplaceFileOptions = {},
): Promise<void> {
  const scope = currentScope()
  scope.throwIfCancelled()
  // In the same folder: a rename does not leave its file system. `wx` refuses a name that is taken.
  const beside = `${path}.${Math.random().toString(36).slice(2)}.tmp`
  try {
    const file = await open(beside, 'wx', options.mode ?? 0o666)
    try {
      await file.writeFile(data, { signal: scope.signal })
      await file.sync()
    } finally {
      await file.close()
    }
    scope.throwIfCancelled()
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    scope.throwIfCancelled()
    throw error
  }
}
