/** Asks a SOCKS proxy for a connection to somewhere else (RFC 1928, and RFC 1929 for the password). */
import { parseIP } from '../../../io/ip-address.ts'
import type { Transport } from '../../../io/transport.ts'
import { Dialogue } from './dialogue.ts'
import { ProxyRefusal } from './proxy-refusal.ts'
import type { Credentials, ProxyServer } from './proxy-server.ts'

const version = 5
const noAuthentication = 0
const userAndPassword = 2

// RFC 1928 §6. Another address of the same host may do after those that are marked.
const replies = new Map<number, [meaning: string, unreachable?: true]>([
  [1, ['general failure']],
  [2, ['its rules do not allow the connection']],
  [3, ['the network is unreachable', true]],
  [4, ['the host is unreachable', true]],
  [5, ['the connection was refused', true]],
  [6, ['the time to live is over', true]],
  [7, ['it does not know the command']],
  [8, ['it does not know this type of address', true]],
])

/**
 * Resolves when the transport is one to `host`, a name or an address.
 *
 * @throws ProxyRefusal, or what is wrong with the answer
 */
export async function connectBySOCKS(
  transport: Transport,
  proxy: ProxyServer,
  host: string,
  port: number,
): Promise<void> {
  const dialogue = new Dialogue(transport)
  await greet(dialogue, proxy.credentials)
  const [type, address] = addressOf(host)
  dialogue.say(Uint8Array.of(version, 1, 0, type, ...address, port >> 8, port & 0xff))
  const [, reply = 0, , boundType = 0] = await dialogue.exactly(4)
  if (reply !== 0) {
    const [meaning, unreachable] = replies.get(reply) ?? [`failure ${reply}`]
    throw new ProxyRefusal(`it answered: ${meaning}`, undefined, unreachable)
  }
  // Where it connected from, which nobody asked for: 4 bytes, 16, or a length and as many.
  const length =
    boundType === 1 ? 4 : boundType === 4 ? 16 : ((await dialogue.exactly(1))[0] as number)
  await dialogue.exactly(length + 2)
  dialogue.handOver()
}

async function greet(dialogue: Dialogue, credentials: Credentials | undefined): Promise<void> {
  const methods =
    credentials === undefined ? [noAuthentication] : [userAndPassword, noAuthentication]
  dialogue.say(Uint8Array.of(version, methods.length, ...methods))
  const [answered, method] = await dialogue.exactly(2)
  if (answered !== version) throw new Error('it does not speak SOCKS 5')
  if (method === noAuthentication) return
  if (method !== userAndPassword || credentials === undefined) {
    throw new ProxyRefusal(
      credentials === undefined
        ? 'it wants a user name and password'
        : 'it takes no user name and password',
    )
  }
  const username = Buffer.from(credentials.username)
  const password = Buffer.from(credentials.password)
  dialogue.say(Uint8Array.of(1, username.length, ...username, password.length, ...password))
  const [, status] = await dialogue.exactly(2)
  if (status !== 0) throw new ProxyRefusal('it does not accept the user name and password')
}

function addressOf(host: string): [type: number, address: Iterable<number>] {
  const bytes = parseIP(host)
  if (bytes !== undefined) return [bytes.length === 4 ? 1 : 4, bytes]
  const name = Buffer.from(host)
  if (name.length > 255) throw new ProxyRefusal(`the name has ${name.length} bytes, 255 at most`)
  return [3, [name.length, ...name]]
}
