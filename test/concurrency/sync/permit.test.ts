import { expect, it, vi } from 'vitest'
import { Permit } from '../../../src/concurrency/sync/permit.ts'

it('Permit is given back once, by release()', () => {
  const takeBack = vi.fn()
  const permit = new Permit({ takeBack })
  expect(permit.held).toBe(true)
  permit.release()
  expect(permit.held).toBe(false)
  expect(takeBack.mock.calls).toEqual([[permit]])
})

it('Permit is given back at the end of a block, unless the block did it', () => {
  const takeBack = vi.fn()
  {
    using permit = new Permit({ takeBack })
    expect(permit.held).toBe(true)
  }
  expect(takeBack).toHaveBeenCalledTimes(1)
  {
    using permit = new Permit({ takeBack })
    permit.release()
  }
  expect(takeBack).toHaveBeenCalledTimes(2)
})

it('Permit refuses to be released twice', () => {
  const takeBack = vi.fn()
  const permit = new Permit({ takeBack })
  permit.release()
  expect(() => permit.release()).toThrow(
    expect.objectContaining({
      code: 'SPOOL_NOT_HELD',
      message: 'Cannot release a permit twice: it was given back',
    }),
  )
  expect(takeBack).toHaveBeenCalledTimes(1)
})
