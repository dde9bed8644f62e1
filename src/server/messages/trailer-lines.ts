import { HeaderFields, type HeadersInput } from '../../http/header-fields.ts'
import { isTrailerName } from '../../wire/http1/body/trailers.ts'
import { writeFields } from '../../wire/http1/writing/head-writer.ts'

/** The fields behind a chunked body. Throws TypeError for one that may not stand there (RFC 9110 §6.5.1). */
export function trailerLines(trailers: HeadersInput): string {
  const { raw } = HeaderFields.from(trailers)
  const misplaced = raw.find((text, index) => index % 2 === 0 && !isTrailerName(text))
  if (misplaced === undefined) return writeFields(raw)
  throw new TypeError(`Cannot send "${misplaced}" as a trailer: it has to be in the head`)
}
