/** Folders, entry by entry. */
import type { Dirent } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { checkFunction } from '../../concurrency/scope/arguments.ts'
import { checkPath } from './check-path.ts'
import { fileOperation } from './file-operation.ts'

/** What an entry of a folder is. */
export type PathKind = 'file' | 'folder' | 'link' | 'other'

export interface WalkEntry {
  /** The folder that was walked and the way from there. */
  readonly path: string
  readonly name: string
  readonly kind: PathKind
  /** 1 for what is in the folder itself. */
  readonly depth: number
}

export interface WalkOptions {
  /** How many levels down. Default: all. */
  depth?: number
  /** Whether folders behind symbolic links are walked too. Default false: links can go in circles. */
  followLinks?: boolean
  /** Which folders are gone into; the others are told all the same. Default: all. */
  enter?: (entry: WalkEntry) => boolean
}

const optionNames: Names<WalkOptions> = { depth: true, followLinks: true, enter: true }

/**
 * All that is in a folder and below, a folder before what is in it, in no other order.
 *
 * Cancellation: stops between two entries, and leaves no folder open.
 *
 * @throws The system's error for the folder itself; folders below that can't be read are passed over
 */
export async function* walk(
  root: string,
  options: WalkOptions = {},
): AsyncGenerator<WalkEntry, void> {
  checkPath('walk', root)
  checkNames(options, optionNames, 'walk()')
  const { depth = Infinity, followLinks = false, enter = () => true } = options
  checkFunction('choose folders', enter)
  if (!(depth >= 1)) throw new RangeError(`Invalid depth ${depth}: expected 1 or more`)
  const waiting: { path: string; depth: number }[] = [{ path: root, depth: 1 }]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    for await (const entry of entriesOf(next.path, next.depth)) {
      yield entry
      if (entry.depth >= depth) continue
      const isFolder =
        entry.kind === 'folder' ||
        (followLinks && entry.kind === 'link' && (await leadsToFolder(entry.path)))
      if (isFolder && enter(entry)) waiting.push({ path: entry.path, depth: entry.depth + 1 })
    }
  }
}

async function* entriesOf(path: string, depth: number): AsyncGenerator<WalkEntry, void> {
  let folder
  try {
    folder = await fileOperation(
      () => opendir(path),
      (late) => late.close(),
    )
  } catch (error) {
    currentScope().throwIfCancelled()
    if (depth === 1) throw error
    return
  }
  try {
    for (;;) {
      const entry = await fileOperation(() => folder.read())
      if (entry === null) return
      yield { path: join(path, entry.name), name: entry.name, kind: kindOf(entry), depth }
    }
  } finally {
    await folder.close()
  }
}

async function leadsToFolder(path: string): Promise<boolean> {
  try {
    return (await fileOperation(() => stat(path))).isDirectory()
  } catch {
    currentScope().throwIfCancelled()
    return false
  }
}

/** @internal */
export function kindOf(entry: Pick<Dirent, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): PathKind {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  return entry.isSymbolicLink() ? 'link' : 'other'
}
