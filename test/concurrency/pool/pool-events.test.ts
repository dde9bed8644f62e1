import { expect, it } from 'vitest'
import { PoolEvents } from '../../../src/concurrency/pool/pool-events.ts'
import { enclosingScope, runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { settle } from '../../../src/testing/settle.ts'
import { Uncaught } from '../../support/uncaught.ts'

it('PoolEvents calls the listeners of an event until they are taken away', () => {
  const events = new PoolEvents()
  const log: string[] = []
  const off = events.on('idle', () => log.push('first'))
  events.on('idle', () => log.push('second'))
  events.on('drain', () => log.push('drain'))
  events.emit('idle')
  off()
  events.emit('idle')
  events.emit('drain')
  expect(log).toEqual(['first', 'second', 'second', 'drain'])
})

it('PoolEvents calls listeners outside of every scope', () => {
  const events = new PoolEvents()
  const scopes: unknown[] = []
  events.on('idle', () => scopes.push(enclosingScope()))
  runInScope(new Scope(undefined), () => events.emit('idle'))
  expect(scopes).toEqual([undefined])
})

it('PoolEvents makes what a listener throws an uncaught exception and calls the others', async () => {
  using uncaught = new Uncaught()
  const events = new PoolEvents()
  const broken = new Error('broken')
  let called = false
  events.on('idle', () => {
    throw broken
  })
  events.on('idle', () => (called = true))
  events.emit('idle')
  await settle()
  expect(called).toBe(true)
  expect(uncaught.errors).toEqual([broken])
})

it('PoolEvents refuses events that there are not, and listeners that are no functions', () => {
  const events = new PoolEvents()
  expect(() => events.on('nosuch' as 'idle', () => {})).toThrow(
    new TypeError('Cannot listen to "nosuch" of a pool: expected "drain" or "idle"'),
  )
  expect(() => events.on('idle', 5 as unknown as () => void)).toThrow(
    new TypeError('Cannot listen to "idle" of a pool: expected a function, got 5'),
  )
})
