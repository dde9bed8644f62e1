// Fails in the way that its argument names.
import { Future, moveOnAfter, Pool, run, shield, sleep, taskGroup } from '../../../src/index.ts'

const ways: Record<string, () => unknown> = {
  main() {
    throw new Error('main is broken')
  },
  async floating() {
    void (async () => {
      await sleep(0)
      throw new Error('nobody awaits this')
    })()
    await sleep(Infinity)
  },
  async 'floating in a group'() {
    try {
      await taskGroup(async () => {
        void (async () => {
          await sleep(0)
          throw new Error('nobody awaits this')
        })()
        await sleep(Infinity)
      })
    } catch (error) {
      console.log(`caught: ${String(error)}`)
    }
  },
  async 'floating cancelled'() {
    await taskGroup((group) => {
      group.spawn(() => {
        void (async () => {
          await sleep(Infinity)
        })()
        return sleep(Infinity)
      })
      group.cancel()
    })
    await sleep(5)
    console.log('went on')
  },
  async deadlock() {
    try {
      await new Future({ name: 'never' })
    } finally {
      console.log('main stopped')
    }
  },
  async 'deadlock of the deaf'() {
    await new Promise(() => undefined)
  },
  'a future'() {
    new Future().reject(new Error('nobody came for this'))
  },
  'a shield'() {
    void shield(async () => {
      await sleep(0)
      fail('nobody waited for this')
    })
  },
  'a task of a pool'() {
    new Pool({ limit: 1, name: 'crawl' }).submit(() => fail('nobody waited for this'), {
      name: 'page',
    })
    return sleep(0)
  },
  async 'a task of a pool that is closed under cancellation'() {
    await moveOnAfter(5, async () => {
      await using pool = new Pool({ limit: 1, name: 'crawl' })
      pool.submit(() => fail('nobody waited for this'), { name: 'page' })
      await sleep(Infinity)
    })
  },
  async 'a task of a pool that is waited for'() {
    await using pool = new Pool({ limit: 1, name: 'crawl' })
    pool.submit(() => fail('nobody waited for this'), { name: 'page' })
    await sleep(0)
  },
}

function fail(message: string): never {
  throw new Error(message)
}

const [way = 'main'] = process.argv.slice(2)
if (way === 'outside') {
  // Of run() and of every scope.
  new Pool({ limit: 1 }).submit(() => fail('nobody waited for this'))
} else if (way === 'late') {
  const { promise, reject } = Promise.withResolvers<never>()
  await run(() => promise).catch((error: { code: string }) => console.log(error.code))
  reject(new Error('failed after all'))
} else await run(() => ways[way]?.())
