import { rename, rm } from 'node:fs/promises'
import { checkFunction } from '../../concurrency/scope/arguments.ts'
import { shield } from '../../concurrency/tasks/shield.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { checkPath } from './check-path.ts'
import { open } from './open-file.ts'

export interface CopyFileOptions {
  /** Told after each piece how many bytes have been copied, of how many. */
  onProgress?: (copied: number, total: number) => void
}

const optionNames: Names<CopyFileOptions> = { onProgress: true }

// Few calls for a large file, and progress often enough to be seen.
const pieceSize = 1_048_576

/**
 * Copies a file. Whoever looks at `target` finds what was there before or the whole copy, never a part of it.
 *
 * Cancellation: what was at `target` stays, and nothing is left beside it.
 *
 * @throws The system's error if the one can't be read or the other not be written
 */
export async function copyFile(
  source: string,
  target: string,
  options: CopyFileOptions = {},
): Promise<void> {
  checkPath('copy', source)
  checkPath('copy to', target)
  checkNames(options, optionNames, 'copyFile()')
  const { onProgress } = options
  if (onProgress !== undefined) checkFunction('tell the progress of a copy', onProgress)
  await using from = await open(source)
  const total = await from.size()
  const beside = `${target}.${Math.random().toString(36).slice(2)}.tmp`
  try {
    // Not given up halfway: a file that comes into being later would be removed by nobody.
    await using to = await shield(() => open(beside, 'x'))
    for await (const bytes of from.chunks({ chunkSize: pieceSize })) {
      await to.write(bytes)
      onProgress?.(from.position, total)
    }
    // On the disk before it has its name: after a crash too there is the old file, or the whole copy.
    await to.sync()
    await to.close()
    currentScope().throwIfCancelled()
    await rename(beside, target)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}
