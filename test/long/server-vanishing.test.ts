// As test/behaviour/server-vanishing-clients.test.ts, with 10,000 clients, in a process of its own: with an
// eye on its descriptors and its heap.
import { expect, test } from 'vitest'
import { startProcess } from '../support/processes.ts'

const program = new URL('../behaviour/programs/vanishing-clients.ts', import.meta.url).pathname

test('a server keeps nothing of 10,000 clients who ask and vanish', async () => {
  await using running = await startProcess(process.execPath, {
    args: ['--expose-gc', program, '10000'],
  })
  await running.ended()
  console.log(running.output)
  const { stopped, descriptors, heap } = JSON.parse(running.output) as Record<string, number[]>
  expect(stopped).toBe(6_000)
  expect(new Set(descriptors).size).toBe(1)
  // The first tenths fill caches and compile code; afterwards nothing may grow by more than a few MB.
  const [, , third = 0] = heap as number[]
  expect(((heap as number[]).at(-1) ?? 0) - third).toBeLessThan(4e6)
})
