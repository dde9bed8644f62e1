import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startProcess } from '../support/processes.ts'

const program = join(import.meta.dirname, 'programs', 'websocket-without-ws.ts')

test('a WebSocket loads the package ws when it compresses, and not before', async () => {
  await using running = await startProcess(process.execPath, { args: [program] })
  await running.ended()
  expect(running.output.trim().split('\n')).toEqual([
    '/plain false 2000 false',
    '/plain false 2000 false',
    '/compressed false 2000 false',
    '/compressed true 2000 true',
  ])
})
