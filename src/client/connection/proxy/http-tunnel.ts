/** Asks an HTTP proxy for a connection to somewhere else (RFC 9110 §9.3.6). */
import type { Transport } from '../../../io/transport.ts'
import type { ResponseHead } from '../../../wire/http1/messages.ts'
import { ResponseParser } from '../../../wire/http1/response-parser.ts'
import { Dialogue } from './dialogue.ts'
import { refusalOf } from './proxy-refusal.ts'
import type { ProxyServer } from './proxy-server.ts'

/**
 * Resolves when the transport is one to `authority`, which is a host and a port.
 *
 * @throws ProxyRefusal, or what is wrong with the answer
 */
export async function openTunnel(
  transport: Transport,
  proxy: ProxyServer,
  authority: string,
): Promise<void> {
  const dialogue = new Dialogue(transport)
  const answer: { head?: ResponseHead } = {}
  const parser = new ResponseParser({
    informational: () => undefined,
    head: (head) => {
      answer.head = head
    },
    body: () => undefined,
    end: () => undefined,
  })
  parser.start('CONNECT')
  dialogue.say(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${proxy.lines}\r\n`)
  while (answer.head === undefined) {
    const bytes = await dialogue.anything()
    const used = parser.feed(bytes)
    if (used < bytes.length) dialogue.unread(bytes.subarray(used))
  }
  const { head } = answer
  if (head.framing !== 'tunnel') {
    throw refusalOf(head)
  }
  dialogue.handOver()
}
