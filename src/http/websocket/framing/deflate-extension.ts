/**
 * The compression of messages (RFC 7692): a class of the `ws` package, as far as it is used here. It is
 * loaded with the first WebSocket that agrees on it, since it costs a program without one more than all
 * the rest of WebSocket.
 */
import { outsideScopes } from '../../../concurrency/scope/context.ts'

interface DeflateOptions {
  readonly isServer: boolean
  readonly maxPayload: number
  readonly threshold: number
  readonly concurrencyLimit: number
  readonly zlibDeflateOptions: { readonly level: number }
}

type Converted = (error: Error | null, data: Buffer) => void

export interface PerMessageDeflate {
  /** What was agreed on. */
  params: Record<string, number | true>
  decompress(data: Uint8Array, fin: boolean, callback: Converted): void
  compress(data: Uint8Array | string, fin: boolean, callback: Converted): void
  cleanup(): void
}

export type DeflateExtension = new (options: DeflateOptions) => PerMessageDeflate

let loading: Promise<DeflateExtension> | undefined

/** Loads it, once. */
export function loadDeflate(): Promise<DeflateExtension> {
  return (loading ??= outsideScopes(load))
}

async function load(): Promise<DeflateExtension> {
  const { PerMessageDeflate } = (await import('ws')) as unknown as {
    PerMessageDeflate: DeflateExtension
  }
  return PerMessageDeflate
}
