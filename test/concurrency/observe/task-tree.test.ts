import { expect, test } from 'vitest'
import { MockClock, settle } from '../../../src/testing/index.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { Task } from '../../../src/concurrency/tasks/task.ts'
import { treeOf } from '../../../src/concurrency/observe/task-tree.ts'
import {
  abortable,
  allTasks,
  callLater,
  captureSpawnSites,
  gather,
  Pool,
  Queue,
  shield,
  sleep,
  taskGroup,
  taskTree,
  timeout,
} from '../../../src/index.ts'

const forever = () => sleep(Infinity)

test('taskTree() shows tasks, groups, states, ages, and what is waited for', async () => {
  using clock = MockClock.install()
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = taskGroup(
    async (group) => {
      group.spawn(
        () =>
          timeout(60_000, () =>
            gather(forever, function second() {
              return abortable(promise)
            }),
          ),
        { name: 'pages' },
      )
      group.spawn(() => promise, { name: 'foreign' })
      group.spawn(() => shield(() => promise), { name: 'stopping' }).cancel()
      await clock.advance(1_234)
      const tree = taskTree()
      expect(String(tree)).toBe(
        [
          'group "crawl"',
          '├─ task "pages", running, 1.2 s',
          '│  └─ group "gather"',
          '│     ├─ task "forever", running, 1.2 s, waits for sleep()',
          '│     └─ task "second", running, 1.2 s, waits for abortable()',
          '├─ task "foreign", running, 1.2 s',
          '└─ task "stopping", stopping, 1.2 s',
        ].join('\n'),
      )
      expect(tree.roots[0]?.children[1]).toEqual({
        kind: 'task',
        name: 'foreign',
        state: 'running',
        age: 1_234,
        site: undefined,
        waitsFor: [],
        children: [],
      })
      resolve()
      group.cancel()
    },
    { name: 'crawl' },
  )
  await done
})

test('taskTree() shows what a task waits for, several things too, and where it was spawned', async () => {
  using _ = captureSpawnSites()
  const queue = new Queue<string>({ capacity: 1 })
  await taskGroup(async (group) => {
    const task = group.spawn(() => Promise.all([sleep(Infinity), queue.get()]), { name: 'both' })
    await settle()
    const [node] = taskTree().roots[0]?.children ?? []
    expect(node?.waitsFor).toHaveLength(2)
    expect(node?.site).toBe(task.site)
    expect(String(taskTree())).toContain(` and `)
    expect(String(taskTree())).toContain(`, spawned at ${task.site}`)
    group.cancel()
  })
})

test('taskTree() shows that a task waits for another one, which it has started itself', async () => {
  const pool = new Pool({ limit: 1 })
  await taskGroup(async (group) => {
    group.spawn(() => pool.submit(forever, { name: 'page' }), { name: 'crawl' })
    await settle()
    const [crawl] = taskTree().roots[0]?.children ?? []
    expect(crawl).toMatchObject({ name: 'crawl', waitsFor: ['task "page"'] })
    expect(crawl?.children).toMatchObject([{ name: 'page', waitsFor: ['sleep()'] }])
    group.cancel()
  })
})

test('taskTree() begins at the outermost group', async () => {
  await taskGroup(
    async () => {
      await taskGroup(() => {
        expect(taskTree().roots.map(({ name }) => name)).toEqual(['outer'])
      })
    },
    { name: 'outer' },
  )
})

test('taskTree() outside of every group throws SPOOL_NO_SCOPE', () => {
  expect(() => taskTree()).toThrow(
    expect.objectContaining({
      code: 'SPOOL_NO_SCOPE',
      message:
        'Cannot show the task tree: call taskTree() inside run() or taskGroup(), or use allTasks()',
    }),
  )
})

test('a tree of no group has the tasks as its roots, and shows a group that is being stopped', async () => {
  using _ = MockClock.install()
  const scope = new Scope(undefined)
  expect(String(treeOf(scope))).toBe('')
  const owner = { taskEnded: () => undefined }
  const task = Task.create(forever, owner, scope, { name: 'queued' })
  const wait = runInScope(scope, forever)
  expect(String(treeOf(scope))).toBe('task "queued", waiting, 0.0 s')
  task.discard()
  expect(wait).toBeInstanceOf(Promise)
  await taskGroup(
    (group) => {
      callLater(5_000, () => undefined)
      expect(String(taskTree())).toBe('group "g"')
      group.cancel()
      expect(String(taskTree())).toBe('group "g", stopping')
    },
    { name: 'g' },
  )
})

test('allTasks() lists every task that is not over, anywhere', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await taskGroup(async (group) => {
    const outer = group.spawn(groupOfOne, { name: 'all a' })
    group.spawn(() => promise, { name: 'all deaf' })
    await settle()
    expect(ours()).toEqual(['all a', 'all b', 'all deaf'])
    outer.cancel()
    await settle()
    expect(ours()).toEqual(['all deaf'])
    resolve()
  })
  expect(ours()).toEqual([])
})

function groupOfOne(): Promise<void> {
  return taskGroup((group) => void group.spawn(forever, { name: 'all b' }))
}

/** The tasks of the test above: others may run in this process. */
function ours(): string[] {
  return allTasks()
    .map((task) => task.name)
    .filter((name) => name.startsWith('all '))
}
