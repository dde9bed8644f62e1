import { expect, test } from 'vitest'
import { append, membersOf, unlink } from '../../../src/concurrency/scope/member-list.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { ScopeMember } from '../../../src/concurrency/scope/scope-member.ts'

class Member extends ScopeMember {
  scopeCancelled(): void {}
}

test('members are kept in order, and leave from anywhere', () => {
  const list = new Scope(undefined)
  const [a, b, c, d] = [new Member(), new Member(), new Member(), new Member()]
  expect([...membersOf(list)]).toEqual([])
  for (const member of [a, b, c, d]) append(list, member)
  expect(a.memberOf).toBe(list)
  unlink(list, b)
  expect([...membersOf(list)]).toEqual([a, c, d])
  unlink(list, a)
  unlink(list, d)
  expect([...membersOf(list)]).toEqual([c])
  append(list, a)
  expect([...membersOf(list)]).toEqual([c, a])
  expect([b.memberOf, d.memberOf]).toEqual([undefined, undefined])
})
