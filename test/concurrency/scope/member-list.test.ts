import { expect, test } from 'vitest'
import { MemberList } from '../../../src/concurrency/scope/member-list.ts'

class List extends MemberList {
  scopeCancelled(): void {}

  whenEmpty(): Promise<void> {
    return this.emptied()
  }
}

test('members are kept in order, and leave from anywhere', () => {
  const list = new List()
  const [a, b, c, d] = [new List(), new List(), new List(), new List()]
  expect([list.empty, [...list.members()]]).toEqual([true, []])
  for (const member of [a, b, c, d]) list.addMember(member)
  list.removeMember(b)
  expect([...list.members()]).toEqual([a, c, d])
  list.removeMember(a)
  list.removeMember(d)
  expect([...list.members()]).toEqual([c])
  list.addMember(a)
  expect([...list.members()]).toEqual([c, a])
  expect(list.empty).toBe(false)
})

test('emptied() resolves when the last member is gone', async () => {
  const list = new List()
  const [a, b] = [new List(), new List()]
  list.addMember(a)
  list.addMember(b)
  const order: string[] = []
  const emptied = list.whenEmpty().then(() => order.push('empty'))
  list.removeMember(a)
  await Promise.resolve()
  order.push('one left')
  list.removeMember(b)
  await emptied
  expect(order).toEqual(['one left', 'empty'])
})
