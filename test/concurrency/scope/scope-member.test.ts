import { expect, test } from 'vitest'
import { ScopeMember } from '../../../src/concurrency/scope/scope-member.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'

class Member extends ScopeMember {
  told = 0

  scopeCancelled(): void {
    this.told++
  }
}

test('a member is in no scope until it is added, and knows the one that it is in', () => {
  const scope = new Scope(undefined)
  const member = new Member()
  expect(member.memberOf).toBeUndefined()
  scope.addMember(member)
  expect(member.memberOf).toBe(scope)
  scope.removeMember(member)
  expect(member.memberOf).toBeUndefined()
  scope.cancel()
  expect(member.told).toBe(0)
})
