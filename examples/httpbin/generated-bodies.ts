import { sleep } from 'spool'

// The bytes 0 to 255 over and over.
const block = Uint8Array.from({ length: 65_536 }, (_, index) => index & 255)

/** `length` bytes: 0 to 255, and again from 0; or what such bytes are from `start` on. */
export async function* pattern(length: number, start = 0): AsyncGenerator<Uint8Array> {
  const end = start + length
  for (let at = start; at < end;) {
    const from = at % block.length
    const chunk = block.subarray(from, from + end - at)
    yield chunk
    at += chunk.length
  }
}

/** `chunks` lines, each a chunk of its own, `pause` milliseconds apart. */
export async function* drip(chunks: number, pause: number): AsyncGenerator<string> {
  for (let chunk = 1; chunk <= chunks; chunk++) {
    if (chunk > 1) await sleep(pause)
    yield `${chunk}\n`
  }
}
