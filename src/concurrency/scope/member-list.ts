/** The list of what is in a scope: a linked list, so that coming and going is cheap. */
import type { Scope } from './scope.ts'
import type { ScopeMember } from './scope-member.ts'

/** The ends of the list, which a scope has as its own fields. */
export interface MemberList {
  firstMember: ScopeMember | undefined
  lastMember: ScopeMember | undefined
}

/** The members, in the order in which they came. */
export function* membersOf(list: MemberList): Generator<ScopeMember> {
  for (let member = list.firstMember; member !== undefined; member = member.nextMember) yield member
}

/** Puts `member` at the end. */
export function append(list: Scope, member: ScopeMember): void {
  const last = list.lastMember
  member.memberOf = list
  member.previousMember = last
  if (last === undefined) list.firstMember = member
  else last.nextMember = member
  list.lastMember = member
}

/** Takes `member` out from wherever it stands. */
export function unlink(list: MemberList, member: ScopeMember): void {
  const { previousMember, nextMember } = member
  if (previousMember === undefined) list.firstMember = nextMember
  else previousMember.nextMember = nextMember
  if (nextMember === undefined) list.lastMember = previousMember
  else nextMember.previousMember = previousMember
  member.memberOf = member.previousMember = member.nextMember = undefined
}
