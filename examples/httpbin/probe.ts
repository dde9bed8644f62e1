import { json, type ServerRequest, type ServerResponse } from 'spool/server'

/** Answers anything with what it was: for checking how messages are read. */
export async function probe(request: ServerRequest): Promise<ServerResponse> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request.body) chunks.push(chunk)
  return json({
    method: request.method,
    url: request.target,
    headers: pairs(request.headers.raw),
    body: Buffer.concat(chunks).toString('base64'),
    trailers: pairs(request.trailers.raw),
  })
}

function pairs(fields: readonly string[]): [string, string][] {
  const list: [string, string][] = []
  for (let at = 0; at < fields.length; at += 2) list.push([fields[at] ?? '', fields[at + 1] ?? ''])
  return list
}
