// What a scope costs by itself, and what waits for the clock.
import { loadModule, load } from '../spool-module.ts'
import type * as Scopes from '../../src/concurrency/scope/scope.ts'
import type { Case } from './runner.ts'

const { shield, sleep, taskGroup, timeout } = await load('index')
const { Scope, rootScope } = await loadModule<typeof Scopes>('concurrency/scope/scope.js')

const job = async (): Promise<number> => 1

export const scopeCases: readonly Case[] = [
  {
    group: 'scopes',
    name: 'a child scope, made and ended',
    run(n) {
      for (let at = 0; at < n; at++) new Scope(rootScope).end()
    },
  },
  {
    group: 'scopes',
    name: 'shield() around a function',
    async run(n) {
      for (let at = 0; at < n; at++) await shield(job)
    },
  },
  {
    group: 'scopes',
    name: 'timeout() around a function',
    async run(n) {
      for (let at = 0; at < n; at++) await timeout(1_000, job)
    },
  },
  {
    group: 'scopes',
    name: 'taskGroup() with no task',
    async run(n) {
      for (let at = 0; at < n; at++) await taskGroup(job)
    },
  },
  {
    group: 'scopes',
    name: 'AbortSignal.any() around a function',
    async run(n) {
      const parent = new AbortController()
      for (let at = 0; at < n; at++) {
        const child = new AbortController()
        AbortSignal.any([parent.signal, child.signal])
        await job()
      }
    },
  },
  {
    group: 'time',
    name: 'sleep(0)',
    async run(n) {
      for (let at = 0; at < n; at++) await sleep(0)
    },
  },
  {
    group: 'time',
    name: 'setImmediate()',
    async run(n) {
      for (let at = 0; at < n; at++) await new Promise((resolve) => setImmediate(resolve))
    },
  },
]
