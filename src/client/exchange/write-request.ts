import type { OutgoingBody } from '../../http/outgoing-body.ts'
import type { Transport } from '../../io/transport.ts'

// Up to here a body is copied behind its head: that costs less than a second buffer to be written.
const joinable = 8192

/**
 * Writes a request whose body is there as a whole; false if the transport has to queue it. `head` is empty if
 * it was written before.
 */
export function writeRequest(
  transport: Transport,
  head: string,
  body: Exclude<OutgoingBody, { kind: 'stream' }>,
): boolean {
  if (body.kind === 'text' && body.ascii) return transport.write(head + body.text)
  const bytes = body.kind === 'bytes' ? body.bytes : Buffer.from(body.text)
  if (bytes.byteLength <= joinable) return transport.write(joined(head, bytes))
  transport.cork()
  if (head !== '') transport.write(head)
  const more = transport.write(bytes)
  transport.uncork()
  return more
}

function joined(head: string, bytes: Uint8Array): Buffer {
  const all = Buffer.allocUnsafe(head.length + bytes.byteLength)
  all.write(head, 0, 'latin1')
  all.set(bytes, head.length)
  return all
}
