import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { MockClock } from '../../../src/testing/index.ts'
import { shield, sleep, taskGroup, timeout, TimeoutError } from '../../../src/index.ts'

const forever = () => sleep(Infinity)

test('shield() runs to its end in a cancelled scope, and the next wait throws', async () => {
  using clock = MockClock.install({ autoJump: true })
  const order: unknown[] = []
  const error = await rejectionOf(
    timeout(10, async () => {
      order.push(
        await shield(async () => {
          await sleep(30)
          return 'shielded'
        }),
      )
      await sleep(0)
      order.push('not reached')
    }),
  )
  expect([order, clock.now()]).toEqual([['shielded'], 30])
  expect(error).toBeInstanceOf(TimeoutError)
})

test('shield() that nobody awaits is waited for by its owner', async () => {
  const order: string[] = []
  await taskGroup((group) => {
    group.spawn(() => {
      void shield(async () => {
        await sleep(0)
        order.push('shielded')
      })
    })
  })
  order.push('group is over')
  expect(order).toEqual(['shielded', 'group is over'])
})

test('shield() started in a scope that is cancelled already runs too', async () => {
  const order: string[] = []
  await taskGroup((group) => {
    group.cancel()
    group.spawn(() => shield(() => sleep(0).then(() => order.push('shielded'))))
  })
  expect(order).toEqual(['shielded'])
})

test('shield() with a timeout ends what takes too long', async () => {
  using clock = MockClock.install({ autoJump: true })
  const error = await rejectionOf(shield(forever, { timeout: 25 }))
  expect(error).toMatchObject({ code: 'SPOOL_TIMEOUT', timeout: 25 })
  expect(clock.now()).toBe(25)
  expect(await shield(() => 'in time', { timeout: 25 })).toBe('in time')
})

test('shield() with a timeout is seen through an AbortError', async () => {
  const shielded = shield(({ signal }) => delay(60_000, undefined, { signal }), { timeout: 1 })
  expect(await rejectionOf(shielded)).toMatchObject({ cause: { name: 'AbortError' } })
})

test('shield() throws what its function throws', async () => {
  const failure = new Error('broken')
  expect(await rejectionOf(shield(() => Promise.reject(failure)))).toBe(failure)
  const late = shield(
    async () => {
      await forever().catch(() => undefined)
      throw failure
    },
    { timeout: 0 },
  )
  expect(await rejectionOf(late)).toBe(failure)
})

test('shield() can be cancelled from inside', async () => {
  const error = await rejectionOf(
    shield(async ({ cancel }) => {
      cancel('enough')
      await forever()
    }),
  )
  expect(error).toMatchObject({ code: 'SPOOL_CANCELLED', reason: 'enough' })
})

test('shield() refuses bad input', async () => {
  await expect(shield(5 as never)).rejects.toThrow('Cannot shield: expected a function, got 5')
  await expect(shield(forever, { timeout: -5 })).rejects.toThrow(RangeError)
})
