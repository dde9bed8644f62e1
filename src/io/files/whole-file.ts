/** Files that are read and written as a whole. */
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { checkNames, type Names } from '../../util/known-names.ts'
import { checkPath } from './check-path.ts'
import { fileOperation } from './file-operation.ts'
import { show } from '../../concurrency/scope/arguments.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'

export interface ReplaceFileOptions {
  /**
   * The permissions of the new file, less what the process's mask takes away. Default: those of the file that it
   * replaces, or else 0o666.
   */
  mode?: number | undefined
}

const replaceNames: Names<ReplaceFileOptions> = { mode: true }

/** Removes a file, if it is there. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
}

/** The path of a file in the home of the user. */
export function homeFile(name: string): string {
  return join(homedir(), name)
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
  checkPath('replace', path)
  checkNames(options, replaceNames, 'replaceFile()')
  const scope = currentScope()
  scope.throwIfCancelled()
  // In the same folder: a rename does not leave its file system. `wx` refuses a name that is taken.
  const beside = `${path}.${Math.random().toString(36).slice(2)}.tmp`
  try {
    const kept = options.mode === undefined ? await permissionsOf(path) : undefined
    const file = await open(beside, 'wx', options.mode ?? kept ?? 0o666)
    try {
      // What the mask took away: who could read the old file can read the new one, and nobody else.
      if (kept !== undefined) await file.chmod(kept)
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

/** Undefined if there is no file. */
async function permissionsOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * A whole file, as UTF-8.
 *
 * Cancellation: nothing is left behind.
 *
 * @throws The system's error, such as `ENOENT`
 */
export async function readText(path: string | URL): Promise<string> {
  return Buffer.from(await readBytes(path)).toString()
}

/**
 * A whole file.
 *
 * Cancellation: nothing is left behind.
 *
 * @throws The system's error, such as `ENOENT`
 */
export async function readBytes(path: string | URL): Promise<Uint8Array> {
  checkPath('read', path, true)
  const scope = currentScope()
  // By itself: a named pipe is not open before somebody writes to it, and no signal ends that wait.
  const file = await fileOperation(
    () => open(path),
    (late: FileHandle) => late.close(),
  )
  try {
    return await file.readFile({ signal: scope.signal })
  } catch (error) {
    scope.throwIfCancelled()
    throw error
  } finally {
    await file.close()
  }
}

/**
 * Writes a whole file, over what was there. Who reads it meanwhile may find a part of it: `replaceFile()` never
 * shows one.
 *
 * Cancellation: a part of it may have been written.
 *
 * @throws The system's error, such as `EACCES`
 */
export async function writeText(path: string | URL, text: string): Promise<void> {
  if (typeof text !== 'string') {
    throw new TypeError(`Cannot write ${show(text)} as text: expected a string`)
  }
  await writeBytes(path, Buffer.from(text))
}

/** As `writeText()`, of bytes. Cancellation: a part of it may have been written. */
export async function writeBytes(path: string | URL, bytes: Uint8Array): Promise<void> {
  checkPath('write', path, true)
  const scope = currentScope()
  scope.throwIfCancelled()
  try {
    await writeFile(path, bytes, { signal: scope.signal })
  } catch (error) {
    scope.throwIfCancelled()
    throw error
  }
}
