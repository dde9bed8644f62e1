import { createHash, randomBytes } from 'node:crypto'
import { HTTPError } from 'spool/server'

const hashes: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
}
// Nonces come from here, but anybody may ask for one: the oldest are forgotten.
const mostNonces = 10_000

export interface DigestRequest {
  readonly method: string
  readonly target: string
  readonly authorization: string
}

/** The server's side of digest authentication (RFC 7616), `qop=auth`. */
export class DigestGate {
  // Each nonce, and the highest count that it was used with.
  readonly #nonces = new Map<string, number>()

  /** What is to be answered by a 401; undefined for who is let in. */
  challengeFor(
    request: DigestRequest,
    algorithm: string,
    user: string,
    password: string,
  ): string | undefined {
    const hash = hashes[algorithm]
    if (hash === undefined) throw new HTTPError(404)
    const { authorization, method, target } = request
    const said = parametersOf(authorization)
    const nonce = said.get('nonce') ?? ''
    const count = Number.parseInt(said.get('nc') ?? '', 16)
    const known = this.#nonces.get(nonce)
    const digest = (text: string): string => createHash(hash).update(text).digest('hex')
    const key = digest(`${user}:httpbin:${password}`)
    const about = digest(`${method}:${target}`)
    const counted = `${said.get('nc')}:${said.get('cnonce')}:auth`
    const right =
      said.get('username') === user &&
      said.get('uri') === target &&
      said.get('response') === digest(`${key}:${nonce}:${counted}:${about}`)
    // A count that was seen before is somebody who listened.
    if (right && known !== undefined && count > known) {
      this.#nonces.set(nonce, count)
      return undefined
    }
    const stale = right && known === undefined ? ', stale=true' : ''
    return `Digest realm="httpbin", nonce="${this.#issue()}", qop="auth", algorithm=${algorithm}${stale}`
  }

  #issue(): string {
    const nonce = randomBytes(16).toString('hex')
    this.#nonces.set(nonce, 0)
    if (this.#nonces.size > mostNonces) {
      const [oldest] = this.#nonces.keys()
      if (oldest !== undefined) this.#nonces.delete(oldest)
    }
    return nonce
  }
}

function parametersOf(authorization: string): Map<string, string> {
  const found = authorization.matchAll(/([a-z]+)=(?:"([^"]*)"|([^\s,]+))/g)
  return new Map(Array.from(found, ([, name = '', quoted, plain]) => [name, quoted ?? plain ?? '']))
}
