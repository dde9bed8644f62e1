import { expect, test } from 'vitest'
import { checkVanishingClients } from '../support/vanishing-clients.ts'

test('500 clients who ask and vanish leave no socket, no scope, no handler and no request upstream', async () => {
  // Six of ten stages have a handler that waits.
  expect(await checkVanishingClients({ clients: 500, atOnce: 50 })).toBe(300)
}, 30_000)
