import { sleep } from 'spool'

// The bytes 0 to 255 over and over.
const block = Uint8Array.from({ length: 65_536 }, (_, index) => index & 255)

/** `length` bytes: 0 to 255, and again from 0. */
export async function* pattern(length: number): AsyncGenerator<Uint8Array> {
  for (let left = length; left > 0; left -= block.length) yield block.subarray(0, left)
}

/** `chunks` lines, each a chunk of its own, `pause` milliseconds apart. */
export async function* drip(chunks: number, pause: number): AsyncGenerator<string> {
  for (let chunk = 1; chunk <= chunks; chunk++) {
    if (chunk > 1) await sleep(pause)
    yield `${chunk}\n`
  }
}
