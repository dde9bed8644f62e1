import { expect, it } from 'vitest'
import { Waiter } from '../../src/concurrency/scope/waiter.ts'
import { settle } from '../../src/testing/settle.ts'

it('settle() waits until a chain of wake-ups is through', async () => {
  const links = Array.from({ length: 50 }, () => new Waiter<number>())
  const seen: number[] = []
  for (const [index, link] of links.entries()) {
    void (async () => {
      const value = await link.promise
      seen.push(value)
      links[index + 1]?.resolve(value + 1)
    })()
  }
  links[0]?.resolve(0)

  await settle()

  expect(seen).toHaveLength(50)
})

it('settle() comes back though a wait never ends', async () => {
  const waiter = new Waiter<void>()

  await settle()

  expect(waiter.settled).toBe(false)
  waiter.resolve()
})
