/** Digest authentication (RFC 7616): what is answered to a challenge. */
import { createHash, randomBytes } from 'node:crypto'
import type { Challenge } from './challenges.ts'
import type { BasicCredentials } from './credentials.ts'

interface Algorithm {
  /** What Node.js calls it. */
  readonly hash: string
  readonly session: boolean
  /** The higher, the better. */
  readonly strength: number
}

// RFC 7616 §6.1, and what older servers know.
const algorithms: Readonly<Record<string, Algorithm>> = {
  'sha-512-256-sess': { hash: 'sha512-256', session: true, strength: 6 },
  'sha-512-256': { hash: 'sha512-256', session: false, strength: 5 },
  'sha-256-sess': { hash: 'sha256', session: true, strength: 4 },
  'sha-256': { hash: 'sha256', session: false, strength: 3 },
  'md5-sess': { hash: 'md5', session: true, strength: 2 },
  md5: { hash: 'md5', session: false, strength: 1 },
}

/** What is hashed besides the secret. */
export interface DigestRequest {
  readonly method: string
  /** The target as it is sent, with its query. */
  readonly target: string
  /** The whole body, if it is at hand: for `auth-int`. */
  readonly body: string | Uint8Array | undefined
}

/** One challenge, and how often its nonce was used. */
export class DigestSession {
  /** A path or URLs, as the challenge says it; empty for all of the origin. */
  readonly domain: readonly string[]
  readonly #parameters: ReadonlyMap<string, string>
  readonly #name: string
  readonly #algorithm: Algorithm
  #nonce: string
  #count = 0
  // RFC 7616 §3.4.2: that of the first answer stays in the key of a `-sess` algorithm. The nonce of ours
  // stays with it, since many servers make the key from the one that comes with each answer.
  #sessionKey: string | undefined = undefined
  #sessionNonce: string | undefined = undefined

  private constructor(challenge: Challenge, name: string, algorithm: Algorithm) {
    const { parameters } = challenge
    this.#parameters = parameters
    this.#name = name
    this.#algorithm = algorithm
    this.#nonce = parameters.get('nonce') ?? ''
    this.domain = (parameters.get('domain') ?? '').split(' ').filter((one) => one !== '')
  }

  /** The strongest of the challenges that can be answered (RFC 7616 §3.7); undefined if none can. */
  static from(challenges: readonly Challenge[]): DigestSession | undefined {
    let best: DigestSession | undefined
    for (const challenge of challenges) {
      if (challenge.scheme !== 'digest') continue
      const name = challenge.parameters.get('algorithm') ?? 'MD5'
      const algorithm = algorithms[name.toLowerCase()]
      if (algorithm === undefined || !challenge.parameters.has('nonce')) continue
      if (best === undefined || algorithm.strength > best.#algorithm.strength) {
        best = new DigestSession(challenge, name, algorithm)
      }
    }
    return best
  }

  get nonce(): string {
    return this.#nonce
  }

  /** Takes `nextnonce` of an `Authentication-Info` (RFC 7616 §3.5). */
  renew(nonce: string): void {
    this.#nonce = nonce
    this.#count = 0
    this.#sessionKey = undefined
    this.#sessionNonce = undefined
  }

  /**
   * The value of `Authorization`; undefined if the server wants the body to be hashed, and it is not
   * at hand. `ownNonce` is for tests.
   */
  answer(
    request: DigestRequest,
    credentials: BasicCredentials,
    ownNonce: string = randomBytes(16).toString('hex'),
  ): string | undefined {
    const qop = this.#qop(request)
    if (qop === undefined) return undefined
    const clientNonce = this.#algorithm.session ? (this.#sessionNonce ??= ownNonce) : ownNonce
    const { username, password } = credentials
    const parameters = this.#parameters
    const realm = parameters.get('realm') ?? ''
    const nonce = this.#nonce
    const count = (++this.#count).toString(16).padStart(8, '0')
    const plain = `${username}:${realm}:${password}`
    const key = this.#algorithm.session
      ? (this.#sessionKey ??= this.#hash(`${this.#hash(plain)}:${nonce}:${clientNonce}`))
      : this.#hash(plain)
    const { method, target, body } = request
    const about =
      qop === 'auth-int' ? `${method}:${target}:${this.#hash(body ?? '')}` : `${method}:${target}`
    // RFC 2069, for servers that say no qop, is without the counting.
    const counted = qop === '' ? '' : `${count}:${clientNonce}:${qop}:`
    const response = this.#hash(`${key}:${nonce}:${counted}${this.#hash(about)}`)
    const said = [
      this.#user(username, realm),
      `realm=${quoted(realm)}`,
      `nonce=${quoted(nonce)}`,
      `uri=${quoted(target)}`,
      `response="${response}"`,
    ]
    if (parameters.has('algorithm')) said.push(`algorithm=${this.#name}`)
    const opaque = parameters.get('opaque')
    if (opaque !== undefined) said.push(`opaque=${quoted(opaque)}`)
    if (qop !== '') said.push(`qop=${qop}`, `nc=${count}`, `cnonce="${clientNonce}"`)
    if (parameters.get('userhash') === 'true') said.push('userhash=true')
    return `Digest ${said.join(', ')}`
  }

  // '' for a server that says none; `auth` where it may be had, since it needs no body.
  #qop({ body }: DigestRequest): 'auth' | 'auth-int' | '' | undefined {
    const said = this.#parameters.get('qop')
    if (said === undefined) return ''
    const all = said.split(',').map((one) => one.trim().toLowerCase())
    if (all.includes('auth')) return 'auth'
    return all.includes('auth-int') && body !== undefined ? 'auth-int' : undefined
  }

  #user(username: string, realm: string): string {
    if (this.#parameters.get('userhash') === 'true') {
      return `username="${this.#hash(`${username}:${realm}`)}"`
    }
    // RFC 7616 §3.4: beyond ASCII, by RFC 5987.
    if (/^[\x20-\x7e]*$/.test(username)) return `username=${quoted(username)}`
    return `username*=UTF-8''${encodeURIComponent(username).replaceAll(/['()*]/g, escaped)}`
  }

  #hash(data: string | Uint8Array): string {
    return createHash(this.#algorithm.hash).update(data).digest('hex')
  }
}

function quoted(value: string): string {
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
