import { readdirSync, readlinkSync } from 'node:fs'

/** The paths of the files that this process has open below a folder, as the system tells. */
export function openFilesBelow(folder: string): string[] {
  const open: string[] = []
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      if (path.startsWith(folder)) open.push(path)
    } catch {
      // It was closed meanwhile, such as the one that lists the folder.
    }
  }
  return open
}
