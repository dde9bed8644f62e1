/** Files and folders that are gone when they are not needed any more. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkNames, type Names } from '../../util/known-names.ts'
import { fileOperation } from './file-operation.ts'
import type { AsyncFile } from './async-file.ts'
import { open } from './open-file.ts'

export interface TemporaryOptions {
  /** Where. Default: the system's folder for it. */
  folder?: string
  /** How its name begins. Default `spool-`. */
  prefix?: string
}

export interface TemporaryFileOptions extends TemporaryOptions {
  /** How its name ends, such as `.txt`. Default: nothing. */
  suffix?: string
}

const folderNames: Names<TemporaryOptions> = { folder: true, prefix: true }
const fileNames: Names<TemporaryFileOptions> = { ...folderNames, suffix: true }

/** Made by `temporaryFolder()`; removed, with all that is in it, by `await using`. */
export class TemporaryFolder implements AsyncDisposable {
  readonly path: string

  /** @internal */
  constructor(path: string) {
    this.path = path
  }

  /**
   * Removes it. Calling it again does nothing.
   *
   * Cancellation: is never thrown; it is removed.
   */
  remove(): Promise<void> {
    return removed(this.path)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove()
  }
}

/** Made by `temporaryFile()`; closed and removed by `await using`. */
export class TemporaryFile implements AsyncDisposable {
  /** Open for reading and writing. */
  readonly file: AsyncFile
  readonly #folder: TemporaryFolder

  /** @internal */
  constructor(file: AsyncFile, folder: TemporaryFolder) {
    this.file = file
    this.#folder = folder
  }

  get path(): string {
    return this.file.path
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file.close()
    await this.#folder.remove()
  }
}

/**
 * Makes a new folder that nobody else may look into.
 *
 * Cancellation: nothing is left behind.
 *
 * @throws The system's error if it can't be made
 */
export async function temporaryFolder(options: TemporaryOptions = {}): Promise<TemporaryFolder> {
  checkNames(options, folderNames, 'temporaryFolder()')
  return madeFolder(options)
}

async function madeFolder(options: TemporaryOptions): Promise<TemporaryFolder> {
  const { folder = tmpdir(), prefix = 'spool-' } = options
  return new TemporaryFolder(await fileOperation(() => mkdtemp(join(folder, prefix)), removed))
}

/**
 * Makes a new file, in a folder of its own that nobody else may look into, and opens it for reading and writing.
 *
 * Cancellation: nothing is left behind.
 *
 * @throws The system's error if it can't be made
 */
export async function temporaryFile(options: TemporaryFileOptions = {}): Promise<TemporaryFile> {
  checkNames(options, fileNames, 'temporaryFile()')
  const folder = await madeFolder(options)
  try {
    const path = join(folder.path, `file${options.suffix ?? ''}`)
    return new TemporaryFile(await open(path, 'x+', { permissions: 0o600 }), folder)
  } catch (error) {
    await folder.remove()
    throw error
  }
}

function removed(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true })
}
