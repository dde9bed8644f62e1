import { randomFillSync } from 'node:crypto'

// 8 KiB at once: asking for four bytes costs as much as asking for a thousand times as many.
const poolSize = 2_048

let pool: Int32Array | undefined
let taken = 0

/** A key to mask a frame with, that nobody can foresee (RFC 6455 §10.3). */
export function maskingKey(): number {
  if (pool === undefined || taken === poolSize) {
    pool = randomFillSync(pool ?? new Int32Array(poolSize))
    taken = 0
  }
  return pool[taken++]!
}
