import { describe, expect, it } from 'vitest'
import { Waiter } from '../../src/concurrency/scope/waiter.ts'
import { wakeUpsAreOrdered } from '../../src/concurrency/scope/wake-ups.ts'
import { SeededOrder } from '../../src/testing/seeded-order.ts'
import { settle } from '../../src/testing/settle.ts'

async function orderOf(seed: number, count = 8): Promise<number[]> {
  using _order = SeededOrder.install(seed)
  const waiters = Array.from({ length: count }, () => new Waiter<void>())
  const seen: number[] = []
  for (const [index, waiter] of waiters.entries()) {
    void (async () => {
      await waiter.promise
      seen.push(index)
    })()
  }
  for (const waiter of waiters) waiter.resolve()
  await settle()
  return seen
}

describe('SeededOrder', () => {
  it('gives the same order for the same seed', async () => {
    expect(await orderOf(7)).toEqual(await orderOf(7))
  })

  it('gives many orders for many seeds, and loses no wake-up in any', async () => {
    const orders = new Set<string>()
    for (let seed = 0; seed < 200; seed++) {
      const order = await orderOf(seed, 4)
      expect(order.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3])
      orders.add(order.join(''))
    }
    expect(orders.size).toBe(24)
  })

  it('carries out what still waits when it is disposed of', async () => {
    const order = SeededOrder.install(1)
    const waiter = new Waiter<string>()
    waiter.resolve('late')
    order[Symbol.dispose]()
    expect(await waiter.promise).toBe('late')
  })

  it('carries rejections out too', async () => {
    using _order = SeededOrder.install(3)
    const waiter = new Waiter<string>()
    waiter.reject(new Error('no'))
    await expect(waiter.promise).rejects.toThrow('no')
  })

  it('refuses a seed that is no whole number', () => {
    expect(() => SeededOrder.install(0.5)).toThrow(
      'Cannot seed the order with 0.5: expected a whole number',
    )
  })

  it('may be disposed of in any order, and twice', () => {
    const [first, second] = [SeededOrder.install(1), SeededOrder.install(2)]
    first[Symbol.dispose]()
    expect(wakeUpsAreOrdered()).toBe(true)
    first[Symbol.dispose]()
    expect(wakeUpsAreOrdered()).toBe(true)
    second[Symbol.dispose]()
    expect(wakeUpsAreOrdered()).toBe(false)
  })
})
