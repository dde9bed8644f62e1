/**
 * A folder of files as routes. A path is checked twice: as text, before anything is asked of the system,
 * and as the place that it leads to when all links are followed. Who can change files below the root
 * while they are served could still exchange a folder for a link in between; nobody else can.
 */
import { join, sep } from 'node:path'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { errnoOf } from '../../io/errors.ts'
import { type FolderEntry, readFolder, resolveLinks } from '../../io/files/reader/folders.ts'
import { HTTPError } from '../messages/http-error.ts'
import { redirect } from '../messages/responses.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { ServerResponse } from '../messages/server-response.ts'
import type { Handler } from '../routing/route.ts'
import { sendFile, type FileOptions } from './file.ts'
import { folderListing } from './folder-listing.ts'
import { type Dotfiles, staticPath } from './static-path.ts'
import {
  aFieldValue,
  aFlag,
  anything,
  aText,
  type Check,
  type Checks,
  checkSettings,
  checkValue,
  either,
  oneOf,
  optional,
} from '../option-checks.ts'

export interface FilesOptions extends Pick<
  FileOptions,
  'cacheControl' | 'precompressed' | 'headers'
> {
  /** The file that a folder answers with; false for none. Default `index.html`. */
  index?: string | false
  /** Whether a folder without index is listed. Default false: 404. */
  listing?: boolean
  /** Whether names that begin with a dot are served. Default `deny`: 404, `.well-known` too. */
  dotfiles?: Dotfiles
  /**
   * Which symbolic links are followed: those that lead to something below the root, all, or none.
   * Default `inside`.
   */
  links?: 'inside' | 'follow' | 'refuse'
}

const aFolder: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'the path of a folder'
const checks: Checks<FilesOptions> = {
  index: optional(either('a name, or false', aText, oneOf(false))),
  listing: optional(aFlag),
  dotfiles: optional(oneOf('deny', 'allow')),
  links: optional(oneOf('inside', 'follow', 'refuse')),
  cacheControl: optional(aFieldValue),
  precompressed: optional(aFlag),
  headers: optional(anything),
}

/**
 * Serves the files of a folder, each as `file()` does. The pattern has to end in `{path*}`.
 *
 * Nothing outside of the folder is reached: not by `..` in any spelling, not by encoded separators, and
 * not by links. Paths with names that Windows takes for something else (`nul`, `a:b`, a dot at the end)
 * are refused everywhere.
 *
 * Throws TypeError for options that don't exist. A folder that is not there is told to the server's
 * `onError` with each request.
 *
 * @example
 * ```ts no-run
 * const app = new Application().get('/assets/{path*}', files('public', { precompressed: true }))
 * ```
 */
export function files(
  root: string,
  options: FilesOptions = {},
): Handler<{ readonly path: string }> {
  checkValue('files()', 'root', root, aFolder)
  checkSettings('files()', options, checks)
  let resolving: Promise<string> | undefined
  // The root may be a link itself. A failure is tried again with the next request.
  const resolvedRoot = (): Promise<string> =>
    (resolving ??= outsideScopes(() =>
      resolveLinks(root).catch((error: unknown) => {
        resolving = undefined
        throw new Error(`Cannot serve folder "${root}": ${String(error)}`, { cause: error })
      }),
    ))
  return async (request) => {
    const names = staticPath(request.params.path, request.path, options.dotfiles)
    if (names === undefined) throw new HTTPError(404)
    const base = await resolvedRoot()
    const wanted = join(base, ...names)
    const found = await resolveInside(base, wanted, options.links ?? 'inside')
    return names.at(-1) === ''
      ? answerFolder(request, found, names, options)
      : answerFile(request, found, options)
  }
}

async function answerFile(
  request: ServerRequest,
  path: string,
  options: FilesOptions,
): Promise<ServerResponse> {
  try {
    return await sendFile(request, path, { ...sending(options), followLink: false })
  } catch (error) {
    const isMissing = HTTPError.is(error) && error.status === 404
    if (!isMissing || (await entriesOf(path)) === undefined) throw error
    // Relative links in the folder's page need the slash. No second slash is before it: that is refused.
    const query = request.target.indexOf('?')
    const rest = query === -1 ? '' : request.target.slice(query)
    return redirect(`${request.path}/${rest}`, 308)
  }
}

async function answerFolder(
  request: ServerRequest,
  path: string,
  names: readonly string[],
  options: FilesOptions,
): Promise<ServerResponse> {
  const { index = 'index.html', listing = false, dotfiles = 'deny' } = options
  if (index !== false) {
    try {
      return await sendFile(request, join(path, index), { ...sending(options), followLink: false })
    } catch (error) {
      if (!listing || !HTTPError.is(error) || error.status !== 404) throw error
    }
  }
  const entries = listing ? await entriesOf(path) : undefined
  if (entries === undefined) throw new HTTPError(404)
  const visible = entries.filter(({ name }) => staticPath(name, '', dotfiles) !== undefined)
  return folderListing(`/${names.join('/')}`, visible, names.length === 1)
}

function sending({ cacheControl, precompressed, headers }: FilesOptions): FileOptions {
  return {
    ...(cacheControl === undefined ? {} : { cacheControl }),
    ...(precompressed === undefined ? {} : { precompressed }),
    ...(headers === undefined ? {} : { headers }),
  }
}

/** Where the path leads; `HTTPError` 404 if that is nowhere, or where it must not. */
async function resolveInside(
  root: string,
  path: string,
  links: 'inside' | 'follow' | 'refuse',
): Promise<string> {
  let found: string
  try {
    found = await resolveLinks(path)
  } catch (error) {
    if (error instanceof Error && errnoOf(error) === 'EACCES') throw new HTTPError(403)
    if (error instanceof Error && errnoOf(error) !== undefined) throw new HTTPError(404)
    throw error
  }
  if (links === 'follow') return found
  const inside = found === root || found.startsWith(root.endsWith(sep) ? root : root + sep)
  if (!inside) throw new HTTPError(404)
  const direct = path.endsWith(sep) ? path.slice(0, -1) : path
  if (links === 'refuse' && found !== direct && found !== path) throw new HTTPError(404)
  return found
}

async function entriesOf(path: string): Promise<FolderEntry[] | undefined> {
  try {
    return await readFolder(path)
  } catch (error) {
    if (error instanceof Error && errnoOf(error) !== undefined) return undefined
    throw error
  }
}
