import { ScopeMember } from './scope-member.ts'

/** The half of a scope that knows what is in it: a linked list, so that coming and going is cheap. */
export abstract class MemberList extends ScopeMember {
  #first: ScopeMember | undefined = undefined
  #last: ScopeMember | undefined = undefined
  #emptied: (() => void) | undefined = undefined

  /** Whether nothing is in it. */
  get empty(): boolean {
    return this.#first === undefined
  }

  /** The scopes and waits directly below, in the order in which they came. */
  *members(): Generator<ScopeMember> {
    for (let member = this.#first; member !== undefined; member = member.nextMember) yield member
  }

  /** @internal */
  addMember(member: ScopeMember): void {
    member.memberOf = this
    member.previousMember = this.#last
    if (this.#last === undefined) this.#first = member
    else this.#last.nextMember = member
    this.#last = member
  }

  /** @internal */
  removeMember(member: ScopeMember): void {
    const { previousMember, nextMember } = member
    if (previousMember === undefined) this.#first = nextMember
    else previousMember.nextMember = nextMember
    if (nextMember === undefined) this.#last = previousMember
    else nextMember.previousMember = previousMember
    member.memberOf = member.previousMember = member.nextMember = undefined
    if (this.#first === undefined) this.#emptied?.()
  }

  /** @internal Resolves when the last member is gone. */
  protected emptied(): Promise<void> {
    return new Promise((resolve) => {
      this.#emptied = resolve
    })
  }
}
