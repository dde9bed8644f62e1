// Somebody listens to all that requests tell.
import { subscribe } from 'node:diagnostics_channel'
import { obeyAsSpool } from '../spool-session.ts'

let told = 0
for (const name of ['start', 'response', 'end', 'error']) {
  subscribe(`spool:client:request:${name}`, () => told++)
}
await obeyAsSpool()
