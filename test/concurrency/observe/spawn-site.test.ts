import { expect, test } from 'vitest'
import { captureSite, siteOf } from '../../../src/concurrency/observe/spawn-site.ts'
import { captureSpawnSites, createTask, taskGroup } from '../../../src/index.ts'

function stack(...frames: string[]): Error {
  return Object.assign(new Error('x'), { stack: ['Error: x', ...frames].join('\n') })
}

test('captureSpawnSites() remembers where each task was spawned', async () => {
  using _ = captureSpawnSites()
  await taskGroup(async function crawl(group) {
    const tasks = [group.spawn(() => 1), createTask(() => 2)]
    for (const task of tasks) expect(task.site).toMatch(/crawl \(.*spawn-site\.test\.ts:\d+:\d+\)$/)
  })
})

test('spawn sites are captured only while it is asked for', async () => {
  const first = captureSpawnSites()
  const second = captureSpawnSites()
  first[Symbol.dispose]()
  first[Symbol.dispose]()
  expect(captureSite()).toBeInstanceOf(Error)
  second[Symbol.dispose]()
  expect(captureSite()).toBeUndefined()
  await taskGroup((group) => {
    expect(group.spawn(() => 1).site).toBeUndefined()
  })
})

test('siteOf() is the first place outside Spool, or the first of all', () => {
  const inside = new URL('../../../src/concurrency/tasks/task.ts', import.meta.url).pathname
  expect(
    siteOf(stack(`    at spawn (${inside}:1:2)`, '    at async main (file:///app.ts:3:4)')),
  ).toBe('main (file:///app.ts:3:4)')
  expect(siteOf(stack(`    at spawn (${inside}:1:2)`))).toBe(`spawn (${inside}:1:2)`)
  expect(siteOf(stack())).toBe('')
  expect(siteOf(Object.assign(new Error('x'), { stack: undefined }))).toBe('')
})
