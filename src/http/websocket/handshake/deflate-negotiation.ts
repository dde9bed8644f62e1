/**
 * What both ends agree on for `permessage-deflate` (RFC 7692 §7.1). The window of 2⁸ is one that zlib can
 * inflate but not compress with: who asks us to compress with it is declined, or sent everything as it is.
 */
import type { ExtensionParameters } from '../../../wire/websocket/handshake-lists.ts'
import type { DeflateAgreement } from '../framing/message-deflate.ts'
import type { CompressionSettings } from '../websocket-options.ts'

const extensionName = 'permessage-deflate'
const largestWindow = 15
const smallestWindow = 9

/** The parameters of each `permessage-deflate` in a list of extensions. */
export function deflatesOf(
  extensions: readonly (readonly [string, ExtensionParameters])[],
): ExtensionParameters[] {
  return extensions.filter(([name]) => name === extensionName).map(([, parameters]) => parameters)
}

interface Wishes {
  serverWindow: number | undefined
  /** `true`: the client understands the parameter, and leaves the value to the server. */
  clientWindow: number | true | undefined
  serverKeepsNoContext: boolean
  clientKeepsNoContext: boolean
}

export interface AcceptedDeflate {
  readonly agreement: DeflateAgreement
  /** The value of `Sec-WebSocket-Extensions`. */
  readonly header: string
}

/** A server's choice among the offers of a client, in their order; undefined: none of them. */
export function acceptDeflate(
  offers: readonly ExtensionParameters[],
  settings: CompressionSettings,
): AcceptedDeflate | undefined {
  for (const offer of offers) {
    const wishes = readParameters(offer, true)
    // §7.1.2.1: a client that asks for a smaller window must get it, or no compression.
    if (wishes === undefined || (wishes.serverWindow ?? largestWindow) < smallestWindow) continue
    return accept(wishes, settings)
  }
  return undefined
}

function accept(wishes: Wishes, settings: CompressionSettings): AcceptedDeflate {
  const windowBits = Math.min(wishes.serverWindow ?? largestWindow, settings.windowBits)
  const contextTakeover = settings.contextTakeover && !wishes.serverKeepsNoContext
  const peerContextTakeover = settings.peerContextTakeover && !wishes.clientKeepsNoContext
  // §7.1.2.2: only a client that understands the parameter may be told.
  const asked = wishes.clientWindow
  const peerWindowBits =
    asked === undefined
      ? largestWindow
      : Math.min(asked === true ? largestWindow : asked, settings.peerWindowBits)
  let header = extensionName
  if (!contextTakeover) header += '; server_no_context_takeover'
  if (!peerContextTakeover) header += '; client_no_context_takeover'
  if (windowBits < largestWindow) header += `; server_max_window_bits=${windowBits}`
  if (peerWindowBits < largestWindow) header += `; client_max_window_bits=${peerWindowBits}`
  const agreement = {
    windowBits,
    peerWindowBits,
    contextTakeover,
    peerContextTakeover,
    compresses: true,
  }
  return { agreement, header }
}

/** A client's offer: the value of `Sec-WebSocket-Extensions`. */
export function offerDeflate(settings: CompressionSettings): string {
  let header = extensionName
  if (!settings.contextTakeover) header += '; client_no_context_takeover'
  if (!settings.peerContextTakeover) header += '; server_no_context_takeover'
  if (settings.peerWindowBits < largestWindow) {
    header += `; server_max_window_bits=${settings.peerWindowBits}`
  }
  const own = settings.windowBits < largestWindow ? `=${settings.windowBits}` : ''
  return `${header}; client_max_window_bits${own}`
}

/** What a server has made of our offer; a text if it must not, that says why. */
export function readDeflateAnswer(
  answer: ExtensionParameters,
  settings: CompressionSettings,
): DeflateAgreement | string {
  const wishes = readParameters(answer, false)
  if (wishes === undefined) return 'its parameters for permessage-deflate are invalid'
  const { serverWindow, clientWindow } = wishes
  // §7.1.2.1: what was asked for has to be in the answer, no larger.
  if ((serverWindow ?? largestWindow) > settings.peerWindowBits) {
    return `it compresses with a window of ${serverWindow ?? largestWindow} bits, ${settings.peerWindowBits} were asked for`
  }
  if (!settings.peerContextTakeover && !wishes.serverKeepsNoContext) {
    return 'it did not accept server_no_context_takeover'
  }
  const asked = typeof clientWindow === 'number' ? clientWindow : largestWindow
  return {
    windowBits: Math.max(Math.min(asked, settings.windowBits), smallestWindow),
    peerWindowBits: serverWindow ?? largestWindow,
    contextTakeover: settings.contextTakeover && !wishes.clientKeepsNoContext,
    peerContextTakeover: !wishes.serverKeepsNoContext,
    compresses: asked >= smallestWindow,
  }
}

/** Undefined if there is one that is unknown, given twice, or has a value that it can't have (§7.1). */
function readParameters(parameters: ExtensionParameters, offered: boolean): Wishes | undefined {
  const wishes: Wishes = {
    serverWindow: undefined,
    clientWindow: undefined,
    serverKeepsNoContext: false,
    clientKeepsNoContext: false,
  }
  for (const [name, [value, ...others]] of Object.entries(parameters)) {
    if (value === undefined || others.length > 0) return undefined
    if (name === 'server_no_context_takeover' && value === true) wishes.serverKeepsNoContext = true
    else if (name === 'client_no_context_takeover' && value === true)
      wishes.clientKeepsNoContext = true
    else if (name === 'server_max_window_bits' && isWindow(value))
      wishes.serverWindow = Number(value)
    else if (name === 'client_max_window_bits' && isWindow(value))
      wishes.clientWindow = Number(value)
    else if (name === 'client_max_window_bits' && value === true && offered)
      wishes.clientWindow = true
    else return undefined
  }
  return wishes
}

function isWindow(value: string | true): value is string {
  return value !== true && /^(?:8|9|1[0-5])$/.test(value)
}
