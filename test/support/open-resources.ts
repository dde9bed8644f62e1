import { expect } from 'vitest'
import { turn } from '../../src/testing/settle.ts'

// Far more than closing over loopback takes, on a loaded machine too.
const longestWait = 5000

const ofNetwork = /TCP|TLS|Pipe|UDP|GetAddrInfo|QueryReq/

/** What of the network this thread holds open: sockets, servers, lookups, by kind. */
export function openResources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => ofNetwork.test(kind))
    .sort()
}

/**
 * Waits until nothing of the network is open that was not open in `before`, and fails if that does
 * not come.
 */
export async function expectNothingLeft(before: readonly string[]): Promise<void> {
  await turning(() => openResources().length <= before.length)
  expect(openResources()).toEqual(before)
}

/** Turns the event loop until `condition` holds, and fails if that does not come. */
export async function turnUntil(condition: () => boolean): Promise<void> {
  await turning(condition)
  expect(condition(), 'The condition does not hold').toBe(true)
}

async function turning(condition: () => boolean): Promise<void> {
  // Reached by a failing test only.
  const end = performance.now() + longestWait
  while (!condition() && performance.now() < end) await turn()
}

/** Lets the event loop turn a few times: for what must not happen, where no event could tell. */
export async function someTurns(count = 20): Promise<void> {
  for (let turns = 0; turns < count; turns++) await turn()
}
