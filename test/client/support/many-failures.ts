/**
 * Very many requests to a server that fails in every way, many at a time: each ends once, and in the way that
 * its answer deserves.
 */
import { getEventListeners } from 'node:events'
import { expect } from 'vitest'
import { CancelledError, SpoolError, taskGroup, timeout } from 'spool'
import { ClientSession } from 'spool/client'
import { type Behaviour, behaviours, bodyOf, FailingServer } from './failing-server.ts'

export interface ManyFailures {
  requests: number
  /** How many are under way at any time. */
  atOnce: number
  seed: number
  /** Called between requests, with how many there have been. */
  progress?: (ended: number) => void
}

/** What each behaviour has to lead to: `text`, or the code of an error. */
const outcomes: Readonly<Record<Behaviour, string>> = {
  plain: 'text',
  chunked: 'text',
  closing: 'text',
  delayed: 'text',
  'status 503': 'SPOOL_RESPONSE',
  'reset before': 'SPOOL_TRANSFER',
  'reset in head': 'SPOOL_TRANSFER',
  'reset in body': 'SPOOL_TRANSFER',
  'truncated head': 'SPOOL_TRANSFER',
  'truncated body': 'SPOOL_TRANSFER',
  'truncated chunk': 'SPOOL_TRANSFER',
  garbage: 'SPOOL_REMOTE_PROTOCOL',
  silent: 'SPOOL_TIMEOUT',
}

export async function checkManyFailures(options: ManyFailures): Promise<void> {
  const { requests, atOnce, seed, progress } = options
  await using server = await FailingServer.start()
  const session = new ClientSession({ baseUrl: `${server.origin}/`, limit: atOnce / 2 })
  // One for all of them: what listens to it has to leave.
  const { signal } = new AbortController()
  const ends = new Uint8Array(requests)
  const wrong: string[] = []
  let next = 0
  let ended = 0

  const worker = async (): Promise<void> => {
    while (next < requests) {
      const number = next++
      const random = hash(seed + number)
      // Two of three answers are good, as on a very bad day.
      const behaviour =
        random % 3 === 0
          ? (behaviours[(random >>> 8) % behaviours.length] ?? 'plain')
          : (behaviours[(random >>> 8) % 3] ?? 'plain')
      // One in twenty is given up by its scope, whenever that happens to be.
      const cancelled = random % 20 === 1
      const outcome = await ask(session, number, behaviour, cancelled, signal)
      ends[number] = (ends[number] ?? 0) + 1
      const expected = cancelled ? [outcomes[behaviour], 'cancelled'] : [outcomes[behaviour]]
      if (!expected.includes(outcome)) wrong.push(`${number} ${behaviour}: ${outcome}`)
      progress?.(++ended)
    }
  }
  await taskGroup(async (group) => {
    for (let count = 0; count < atOnce; count++) group.spawn(worker)
  })

  expect(wrong.slice(0, 10)).toEqual([])
  expect(ends.every((count) => count === 1)).toBe(true)
  expect(session.statistics()).toMatchObject({
    active: 0,
    connecting: 0,
    waiting: 0,
    requests: 0,
  })
  expect(getEventListeners(signal, 'abort')).toEqual([])
  await session.close()
  expect(session.statistics()).toMatchObject({ open: 0 })
}

async function ask(
  session: ClientSession,
  number: number,
  behaviour: Behaviour,
  cancelled: boolean,
  signal: AbortSignal,
): Promise<string> {
  const url = `${number}/${behaviour.replaceAll(' ', '-')}`
  const options = {
    signal,
    raiseForStatus: true,
    ...(behaviour === 'silent' ? { timeout: { headers: 20 } } : {}),
  }
  try {
    const text = cancelled
      ? await timeout(number % 4, () => session.get(url, options).text())
      : await session.get(url, options).text()
    return text === bodyOf(number) ? 'text' : 'another text'
  } catch (error) {
    if (cancelled && (CancelledError.is(error) || isTimeout(error))) return 'cancelled'
    return SpoolError.is(error) ? error.code : String(error)
  }
}

function isTimeout(error: unknown): boolean {
  return SpoolError.hasCode(error, 'SPOOL_TIMEOUT')
}

// Of 32 bits, spread well (the finaliser of MurmurHash3).
function hash(value: number): number {
  let bits = value >>> 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
