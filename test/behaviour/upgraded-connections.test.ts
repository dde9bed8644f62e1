import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startProcess } from '../support/processes.ts'

const program = join(import.meta.dirname, 'programs', 'upgraded-connections.ts')

// Without frames, contexts are kept as Node.js 22 does it.
test.each([[['--async-context-frame']], [['--no-async-context-frame']]])(
  'a WebSocket holds nothing of the HTTP that led to it, and its request says all that it did, with %s',
  async (flags) => {
    await using running = await startProcess(process.execPath, {
      args: ['--expose-gc', ...flags, program],
    })
    await running.ended()
    expect(running.output).toBe('ok\n')
  },
)
