import { subscribe } from 'node:diagnostics_channel'

let told = 0

/** Somebody listens to all that requests tell. */
export function listen(): void {
  for (const name of ['start', 'response', 'end', 'error']) {
    subscribe(`spool:client:request:${name}`, () => told++)
  }
}
