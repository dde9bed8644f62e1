import { open as openHandle } from 'node:fs/promises'
import { checkNames, type Names } from '../../util/known-names.ts'
import { checkPath } from './check-path.ts'
import { AsyncFile } from './async-file.ts'
import { accessOf, type FileMode } from './file-mode.ts'
import { fileOperation } from './file-operation.ts'

export interface OpenOptions {
  /** The permissions of a file that is made. Default 0o666, less what the process's mask takes away. */
  permissions?: number
}

const optionNames: Names<OpenOptions> = { permissions: true }

/**
 * Opens a file.
 *
 * ```ts
 * await using folder = await temporaryFolder()
 * await using file = await open(`${folder.path}/poem.txt`, 'w+')
 * await file.writeLines(['Roses are red', 'violets are blue'])
 * await file.seek(0)
 * for await (const line of file) console.log(line)
 * // → Roses are red
 * // → violets are blue
 * ```
 *
 * Cancellation: the file is not left open; a file that was to be made may have been.
 *
 * @throws The system's error if it can't be opened, such as `ENOENT`
 */
export async function open(
  path: string | URL,
  mode: FileMode = 'r',
  options: OpenOptions = {},
): Promise<AsyncFile> {
  checkPath('open', path, true)
  checkNames(options, optionNames, 'open()')
  const { permissions = 0o666 } = options
  const access = accessOf(mode)
  const handle = await fileOperation(
    () => openHandle(path, access.flags, permissions),
    (late) => late.close(),
  )
  return new AsyncFile(String(path), handle, access)
}
