import { readdir, realpath } from 'node:fs/promises'
import { fileOperation } from '../file-operation.ts'
import { kindOf, type PathKind } from '../walk.ts'

/** An entry of a folder. */
export interface FolderEntry {
  readonly name: string
  readonly kind: PathKind
}

/**
 * The absolute path that `path` leads to when all links on the way are followed.
 *
 * Cancellation: stops waiting.
 *
 * Throws what the system says, such as an error with the code `ENOENT`.
 */
export function resolveLinks(path: string): Promise<string> {
  return fileOperation(() => realpath(path))
}

/**
 * What a folder has, in the order of the names.
 *
 * Cancellation: stops waiting.
 *
 * Throws what the system says, such as an error with the code `ENOTDIR`.
 */
export async function readFolder(path: string): Promise<FolderEntry[]> {
  const entries = await fileOperation(() => readdir(path, { withFileTypes: true }))
  return entries
    .map((entry): FolderEntry => ({ name: entry.name, kind: kindOf(entry) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}
