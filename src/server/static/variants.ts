/** The forms in which a file may lie on the disk: as it is, or compressed beforehand beside it. */
import { type FileReader, openForReading } from '../../io/files/reader/file-reader.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { FileSource } from './file.ts'

export interface Variant {
  readonly reader: FileReader
  /** As in `Content-Encoding`; undefined for the file itself. */
  readonly coding: string | undefined
}

const endings: Readonly<Record<string, string>> = { br: '.br', zstd: '.zst', gzip: '.gz' }

/** Opens the variant that the client prefers of those that are there. Throws what the system says. */
export async function openVariant(
  request: ServerRequest,
  path: string,
  { precompressed = false, followLink = true }: FileSource,
): Promise<Variant> {
  const codings = precompressed ? Object.keys(endings) : []
  for (;;) {
    const coding =
      codings.length === 0 ? 'identity' : request.acceptsEncodings(...codings, 'identity')
    // Who refuses even what is not encoded at all gets it nevertheless (RFC 9110 §12.5.3).
    if (coding === undefined || coding === 'identity') break
    codings.splice(codings.indexOf(coding), 1)
    const reader = await openRegular(`${path}${endings[coding]}`, followLink)
    if (reader !== undefined) return { reader, coding }
  }
  return { reader: await openForReading(path, { followLink }), coding: undefined }
}

async function openRegular(path: string, followLink: boolean): Promise<FileReader | undefined> {
  let reader: FileReader
  try {
    reader = await openForReading(path, { followLink })
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error
    return undefined
  }
  if (reader.kind === 'file') return reader
  await reader.close()
  return undefined
}
