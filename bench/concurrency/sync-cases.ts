// Locks and queues that nobody else uses, against what JavaScript itself takes for one await.
import { load } from '../spool-module.ts'
import type { Case } from './runner.ts'

const { AsyncEvent, Lock, Queue, Semaphore } = await load('index')

const resolved = Promise.resolve()
const lock = new Lock()
const semaphore = new Semaphore(1)
const queue = new Queue<number>({ capacity: 10 })
const event = new AsyncEvent()
event.set()

export const syncCases: readonly Case[] = [
  {
    group: 'uncontended',
    name: 'a bare await',
    async run(n) {
      for (let at = 0; at < n; at++) await resolved
    },
  },
  {
    group: 'uncontended',
    name: 'Lock, acquire and release',
    async run(n) {
      for (let at = 0; at < n; at++) (await lock.acquire()).release()
    },
  },
  {
    group: 'uncontended',
    name: 'Semaphore, acquire and release',
    async run(n) {
      for (let at = 0; at < n; at++) (await semaphore.acquire()).release()
    },
  },
  {
    group: 'uncontended',
    name: 'Queue, put or get',
    operations: 2,
    async run(n) {
      for (let at = 0; at < n; at++) {
        await queue.put(at)
        await queue.get()
      }
    },
  },
  {
    group: 'uncontended',
    name: 'AsyncEvent, wait',
    async run(n) {
      for (let at = 0; at < n; at++) await event.wait()
    },
  },
  {
    group: 'contended',
    name: 'Queue, put and get of two tasks',
    async run(n) {
      const put = async (): Promise<void> => {
        for (let at = 0; at < n; at++) await queue.put(at)
      }
      const get = async (): Promise<void> => {
        for (let at = 0; at < n; at++) await queue.get()
      }
      await Promise.all([put(), get()])
    },
  },
  {
    group: 'contended',
    name: 'Lock, four tasks',
    operations: 4,
    async run(n) {
      const use = async (): Promise<void> => {
        for (let at = 0; at < n; at++) (await lock.acquire()).release()
      }
      await Promise.all([use(), use(), use(), use()])
    },
  },
]
