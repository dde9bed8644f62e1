// Runs in threads: loaded by Node.js itself.
import { threadId } from 'node:worker_threads'

export default function double(value: number): number {
  return value * 2
}

export const notAFunction = 5

export function whichThread(): number {
  return threadId
}

export function fail(kind: string): never {
  const cause = Object.assign(new Error('the disk is full'), { code: 'ENOSPC' })
  if (kind === 'range') throw new RangeError('too large', { cause })
  class ParseError extends Error {
    override readonly name = 'ParseError'
    readonly line = 7
    readonly helper = (): void => undefined
  }
  if (kind === 'own') throw new ParseError('bad line', { cause })
  // oxlint-disable-next-line typescript/only-throw-error
  throw kind
}

/** Keeps the thread busy until somebody stores something in the first cell; says in the second that it began. */
export function spin(cells: Int32Array): void {
  Atomics.store(cells, 1, 1)
  Atomics.notify(cells, 1)
  while (Atomics.load(cells, 0) === 0);
}

export async function forever(cells: Int32Array): Promise<void> {
  Atomics.store(cells, 1, 1)
  try {
    await new Promise((resolve) => setTimeout(resolve, 2 ** 30))
  } finally {
    Atomics.store(cells, 0, 1)
  }
}

export function leave(code: number): void {
  process.exit(code)
}

export async function throwLater(): Promise<void> {
  setTimeout(() => {
    throw new Error('nobody catches this')
  }, 0)
  await new Promise((resolve) => setTimeout(resolve, 2 ** 30))
}

export function bytes(size: number): { data: Uint8Array; same: boolean } {
  const data = new Uint8Array(size).fill(7)
  kept = data
  return { data, same: true }
}

let kept: Uint8Array | undefined

export function keptSize(): number {
  return kept?.length ?? -1
}

export async function callBack(
  tell: (n: number) => Promise<number>,
  count: number,
): Promise<number> {
  let sum = 0
  for (let n = 0; n < count; n++) sum += await tell(n)
  return sum
}

export async function callAndLeave(tell: () => Promise<void>): Promise<string> {
  void tell().catch(() => undefined)
  return 'left'
}

export async function whatItThrew(tell: () => Promise<void>): Promise<string> {
  try {
    await tell()
    return 'nothing'
  } catch (error) {
    const { name, message, code } = error as NodeJS.ErrnoException
    return `${name} ${code}: ${message}`
  }
}
