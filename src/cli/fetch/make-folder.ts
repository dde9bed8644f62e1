import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it that are missing.
 *
 * Not by `mkdir()` with `recursive`: where the file system answers ENOENT for a folder whose parent is
 * there, as `/proc` does, Node.js tries again for ever.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await make(path)
  } catch (error) {
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error
    await makeFolder(parent)
    await make(path)
  }
}

async function make(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    // What is there and is no folder shows when something is written into it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
