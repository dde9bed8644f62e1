/** What a WebSocket allows and how long it waits, at both ends. Each has a limit unless you take it away. */
import { checkFlag, show } from '../../concurrency/scope/arguments.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import type { MessageLimits } from '../../wire/websocket/messages.ts'

/** Compression of messages by `permessage-deflate` (RFC 7692), as this end wishes it. */
export interface MessageCompressionOptions {
  /** Messages of fewer bytes go as they are. Default 1,024: below it, compressing gains little. */
  threshold?: number
  /** 1 (fastest) to 9 (smallest). Default 1. */
  level?: number
  /** Whether what we send may refer to messages before: smaller, for up to 256 KiB a connection. Default true. */
  contextTakeover?: boolean
  /** Whether what the peer sends may. Default true. */
  peerContextTakeover?: boolean
  /** The window of what we send, as a power of two: 9 to 15. Default 15. */
  windowBits?: number
  /** The window of what the peer sends: 9 to 15. Default 15. */
  peerWindowBits?: number
}

/** Of either end. Times in milliseconds, sizes in bytes. */
export interface WebSocketOptions {
  /** The most bytes of a message, after inflating; a larger one closes with 1009. Default 4 MiB, as aiohttp. */
  maxMessageSize?: number
  /**
   * How much may wait for `receive()`, each message counted with 64 bytes of its own; then the socket is
   * not read until half of it is taken. What one read brings may exceed it. Default 512 KiB.
   */
  maxQueue?: number
  /** How much may wait to be sent before `send()` throws instead of waiting. Default 16 MiB. */
  maxSendQueue?: number
  /** How long nothing may come before a ping is sent. Default 30 s; `Infinity` for never. */
  heartbeat?: number
  /** How long after that ping the peer may stay silent, and take nothing. Default half of `heartbeat`. */
  heartbeatTimeout?: number
  /** How long no message may be sent or received before it closes with 1001. Default `Infinity`. */
  idleTimeout?: number
  /** How long closing may take before the connection is dropped. Default 10 s. */
  closeTimeout?: number
  /** Default false: each connection that compresses costs up to 300 KiB. */
  compression?: boolean | MessageCompressionOptions
}

export type CompressionSettings = Readonly<Required<MessageCompressionOptions>>

export interface WebSocketSettings {
  readonly maxMessageSize: number
  readonly messageLimits: MessageLimits
  readonly maxQueue: number
  readonly maxSendQueue: number
  readonly heartbeat: number
  readonly heartbeatTimeout: number
  readonly idleTimeout: number
  readonly closeTimeout: number
  readonly compression: CompressionSettings | undefined
}

/** For those who add options of their own and check all of them. */
export const webSocketOptionNames: Names<WebSocketOptions> = {
  maxMessageSize: true,
  maxQueue: true,
  maxSendQueue: true,
  heartbeat: true,
  heartbeatTimeout: true,
  idleTimeout: true,
  closeTimeout: true,
  compression: true,
}

const compressionNames: Names<MessageCompressionOptions> = {
  threshold: true,
  level: true,
  contextTakeover: true,
  peerContextTakeover: true,
  windowBits: true,
  peerWindowBits: true,
}

// What zlib's half of the compression can count.
const largestMessage = 0x7fff_ffff

// As aiohttp: a fragment costs us more than it costs its sender.
const leastFragment = 256
const fewestFragments = 1_024

/** @throws TypeError or RangeError for an option that makes no sense */
export function webSocketSettings(options: WebSocketOptions = {}): WebSocketSettings {
  const heartbeat = duration('heartbeat', options.heartbeat ?? 30_000)
  const { compression = false } = options
  const { maxMessageSize = 4_194_304 } = options
  return {
    maxMessageSize: whole('maxMessageSize', maxMessageSize, 1, largestMessage),
    messageLimits: {
      maxPayload: maxMessageSize,
      maxFragments: Math.max(fewestFragments, Math.floor(maxMessageSize / leastFragment)),
    },
    maxQueue: whole('maxQueue', options.maxQueue ?? 524_288, 1),
    maxSendQueue: whole('maxSendQueue', options.maxSendQueue ?? 16_777_216, 1),
    heartbeat,
    heartbeatTimeout: duration('heartbeatTimeout', options.heartbeatTimeout ?? heartbeat / 2),
    idleTimeout: duration('idleTimeout', options.idleTimeout ?? Infinity),
    closeTimeout: duration('closeTimeout', options.closeTimeout ?? 10_000),
    compression: compressionSettings(compression),
  }
}

function compressionSettings(
  given: boolean | MessageCompressionOptions,
): CompressionSettings | undefined {
  if (given === false) return undefined
  if (given !== true && (typeof given !== 'object' || given === null)) {
    throw new TypeError(`Invalid "compression" ${show(given)}: expected true, false or an object`)
  }
  const options = given === true ? {} : given
  checkNames(options, compressionNames, 'the compression of a WebSocket')
  return {
    threshold: whole('threshold', options.threshold ?? 1_024, 0),
    level: whole('level', options.level ?? 1, 1, 9),
    contextTakeover: checkFlag('"contextTakeover"', options.contextTakeover) ?? true,
    peerContextTakeover: checkFlag('"peerContextTakeover"', options.peerContextTakeover) ?? true,
    // zlib can't compress with a window of 2⁸, and takes 2⁹ in its place.
    windowBits: whole('windowBits', options.windowBits ?? 15, 9, 15),
    peerWindowBits: whole('peerWindowBits', options.peerWindowBits ?? 15, 9, 15),
  }
}

function whole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number') {
    throw new TypeError(`Invalid "${name}" ${show(value)}: expected a number`)
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`
    throw new RangeError(`Invalid "${name}" ${value}: expected a whole number, ${range}`)
  }
  return value
}

function duration(name: string, value: number): number {
  if (typeof value !== 'number') {
    throw new TypeError(`Invalid "${name}" ${show(value)}: expected a number of milliseconds`)
  }
  if (value > 0) return value
  throw new RangeError(`Invalid "${name}" ${value}: expected more than 0 ms, or Infinity`)
}
