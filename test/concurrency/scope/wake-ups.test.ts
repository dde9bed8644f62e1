import { expect, test } from 'vitest'
import {
  countWakeUp,
  replaceWakeUpOrder,
  wakeUp,
  wakeUpsAreOrdered,
  wakeUpsMade,
} from '../../../src/concurrency/scope/wake-ups.ts'

test('wakeUp() is carried out at once, unless an order is in force', () => {
  const done: string[] = []
  wakeUp((entry) => done.push(entry), 'at once')
  expect([done, wakeUpsAreOrdered()]).toEqual([['at once'], false])
  const waiting: (() => void)[] = []
  const restore = replaceWakeUpOrder({ add: (wake) => void waiting.push(wake) })
  wakeUp((entry) => done.push(entry), 'later')
  expect([done, wakeUpsAreOrdered()]).toEqual([['at once'], true])
  waiting[0]?.()
  restore()
  expect([done, wakeUpsAreOrdered()]).toEqual([['at once', 'later'], false])
})

test('countWakeUp() counts', () => {
  const before = wakeUpsMade()
  countWakeUp()
  expect(wakeUpsMade()).toBe(before + 1)
})
