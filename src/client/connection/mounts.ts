/** Which of a session's mounts an origin belongs to. */
import { checkTLS } from '../../io/socket/tls-options.ts'
import { checkKinds, type Kinds } from '../../util/option-kinds.ts'
import type { Origin } from '../url/origin.ts'
import { checkProxy } from './proxy/proxy-server.ts'
import type { MountOptions } from './network-options.ts'

interface Mount {
  /** `http`, `https` or `all`. */
  readonly scheme: string
  /** In lower case; empty for every host. */
  readonly host: string
  /** Whether it is all that lies below the host. */
  readonly below: boolean
  readonly port: number | undefined
  readonly options: MountOptions
}

const kinds: Kinds<MountOptions> = {
  proxy: 'any',
  tls: 'object',
  socketPath: 'name',
  localAddress: 'name',
  connect: 'function',
}

const pattern =
  /^(?<scheme>https?|all):\/\/(?<wild>\*\.)?(?<host>\[[\da-f:.]+\]|[\w.-]*)(?::(?<port>\d{1,5}))?\/?$/

export class Mounts {
  // The most exact first.
  readonly #mounts: readonly Mount[]

  /** @throws TypeError for a pattern that is none, or options that contradict each other */
  constructor(mounts: Readonly<Record<string, MountOptions>>) {
    this.#mounts = Object.entries(mounts)
      .map(([text, options]) => read(text, options))
      .sort(
        (left, right) =>
          Number(right.port !== undefined) - Number(left.port !== undefined) ||
          rank(left) - rank(right) ||
          right.host.length - left.host.length ||
          Number(left.scheme === 'all') - Number(right.scheme === 'all'),
      )
  }

  for(origin: Origin): MountOptions | undefined {
    return this.#mounts.find((mount) => fits(mount, origin))?.options
  }
}

function read(text: string, options: MountOptions): Mount {
  const found = pattern.exec(text.toLowerCase())?.groups
  const host = (found?.['host'] ?? '').replace(/^\[(.*)\]$/, '$1')
  if (found === undefined || (host === '' && found['wild'] !== undefined)) {
    throw new TypeError(
      `Cannot use ${JSON.stringify(text)} as a mount: expected http://, https:// or all://, with a host or *.host`,
    )
  }
  checkKinds(options, kinds, `mount ${JSON.stringify(text)}`)
  if (options.tls !== undefined) checkTLS(options.tls)
  if (options.proxy !== undefined) checkProxy(options.proxy)
  const ways = [options.proxy || undefined, options.socketPath, options.connect]
  if (ways.filter((way) => way !== undefined).length > 1) {
    throw new TypeError(
      `Cannot use mount ${JSON.stringify(text)}: it has more than one of "proxy", "socketPath" and "connect"`,
    )
  }
  const port = found['port'] === undefined ? undefined : Number(found['port'])
  return {
    scheme: found['scheme'] ?? 'all',
    host,
    below: 'wild' in found && found['wild'] !== undefined,
    port,
    options,
  }
}

function rank({ host, below }: Mount): number {
  if (host === '') return 2
  return below ? 1 : 0
}

function fits({ scheme, host, below, port }: Mount, origin: Origin): boolean {
  if (scheme !== 'all' && (scheme === 'https') !== origin.secure) return false
  if (port !== undefined && port !== origin.port) return false
  const { hostname } = origin
  return host === '' || (below ? hostname.endsWith(`.${host}`) : hostname === host)
}
