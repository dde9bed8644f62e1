/** The files of a program and when they changed last. */
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** What can be a part of a program, and not what it writes: a log in this folder must not restart it. */
const source = /\.(?:[cm]?[jt]sx?|json|html?|css|ya?ml|toml|sql|graphql|pem|crt|key)$/i

// What `node_modules` holds changes with an install, which changes `package-lock.json` here.
const apart = /^\.|^node_modules$/

/** The state of a folder: a text for each file that differs when the file does. */
export interface SourceFiles {
  readonly folders: readonly string[]
  /** By their paths below the folder. */
  readonly files: ReadonlyMap<string, string>
  /** Whether there are more folders than are looked at. */
  readonly cut: boolean
}

// The home of a user, and not a project, has more; each costs a place in a table of the system.
const mostFolders = 1_000

/** Looks through a folder and those in it. What vanishes meanwhile, or can't be read, is left out. */
export async function sourceFiles(
  root: string,
  enter: (folder: string) => void = () => {},
  most: number = mostFolders,
): Promise<SourceFiles> {
  const folders: string[] = [root]
  const files = new Map<string, string>()
  let cut = false
  // It grows meanwhile.
  for (const folder of folders) {
    // Before it is read, so that no change falls between.
    enter(folder)
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (apart.test(entry.name)) continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (folders.length < most) folders.push(path)
        else cut = true
      } else if (source.test(entry.name)) {
        const found = await stat(path).catch(() => undefined)
        if (found === undefined) continue
        const { ino, size, mtimeMs, ctimeMs } = found
        files.set(relative(root, path), `${ino} ${size} ${mtimeMs} ${ctimeMs}`)
      }
    }
  }
  return { folders, files, cut }
}

/** The first file that is new, gone, or another than before; undefined if there is none. */
export function changedFile(before: SourceFiles, after: SourceFiles): string | undefined {
  for (const [name, state] of after.files) if (before.files.get(name) !== state) return name
  for (const name of before.files.keys()) if (!after.files.has(name)) return name
  return undefined
}
