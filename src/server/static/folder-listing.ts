/** A page with what a folder has. Names are anybody's: each is escaped for where it stands. */
import type { FolderEntry } from '../../io/files/reader/folders.ts'
import { html } from '../messages/responses.ts'
import type { ServerResponse } from '../messages/server-response.ts'

/** `path` is decoded, for the title; links are relative to it. */
export function folderListing(
  path: string,
  entries: readonly FolderEntry[],
  isRoot: boolean,
): ServerResponse {
  const title = escapeHTML(`Index of ${path}`)
  const lines = entries.map(({ name, kind }) => {
    const slash = kind === 'folder' ? '/' : ''
    // "./" keeps a name such as "javascript:x" from being taken for a URL of its own.
    const link = `./${encodeURIComponent(name)}${slash}`
    return `<li><a href="${escapeHTML(link)}">${escapeHTML(name)}${slash}</a></li>\n`
  })
  const up = isRoot ? '' : '<li><a href="../">../</a></li>\n'
  return html(
    `<!doctype html>\n<meta charset="utf-8">\n<title>${title}</title>\n<h1>${title}</h1>\n<ul>\n${up}${lines.join('')}</ul>\n`,
    // It has no scripts, and whoever smuggles one in by a name is not to have it run.
    {
      headers: {
        'content-security-policy': "default-src 'none'",
        'x-content-type-options': 'nosniff',
      },
    },
  )
}

function escapeHTML(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
