import { expect } from 'vitest'
import { turn } from '../../src/testing/settle.ts'

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
 * not come: so many turns of the event loop are far more than closing over loopback takes.
 */
export async function expectNothingLeft(before: readonly string[]): Promise<void> {
  for (let turns = 0; turns < 20_000; turns++) {
    if (openResources().length <= before.length) return
    await turn()
  }
  expect(openResources()).toEqual(before)
}

/** Turns the event loop until `condition` holds; fails after far more turns than loopback takes. */
export async function turnUntil(condition: () => boolean): Promise<void> {
  for (let turns = 0; turns < 20_000; turns++) {
    if (condition()) return
    await turn()
  }
  expect.unreachable('The condition did not come to hold')
}

/** Lets the event loop turn a few times: for what must not happen, where no event could tell. */
export async function someTurns(count = 20): Promise<void> {
  for (let turns = 0; turns < count; turns++) await turn()
}
