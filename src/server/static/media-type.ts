import { extname } from 'node:path'
import mimeTypes from 'mime-types'

/** The `Content-Type` for a file of this name, by its extension, with the charset of text: UTF-8. */
export function mediaTypeOf(name: string): string {
  const extension = extname(name)
  const type = extension === '' ? false : mimeTypes.contentType(extension)
  return type === false ? 'application/octet-stream' : type
}
