import { describe, expect, test, vi } from 'vitest'
import { RecordingGroup } from '../../support/recording-group.ts'
import { CancelledError, NoScopeError } from '../../../src/concurrency/errors.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import {
  currentScope,
  rootScope,
  Scope,
  variableScope,
} from '../../../src/concurrency/scope/scope.ts'
import { ScopeMember } from '../../../src/concurrency/scope/scope-member.ts'
import { Waiter } from '../../../src/concurrency/scope/waiter.ts'
import { MockClock } from '../../../src/testing/index.ts'

class Listener extends ScopeMember {
  readonly heard: CancelledError[] = []
  readonly #onHear: (() => void) | undefined

  constructor(scope: Scope, onHear?: () => void) {
    super()
    this.#onHear = onHear
    scope.addMember(this)
  }

  scopeCancelled(error: CancelledError): void {
    this.heard.push(error)
    this.#onHear?.()
  }
}

function root(): Scope {
  return new Scope(undefined)
}

describe('cancelling', () => {
  test('a scope cancels what is below it, in the order in which it came', () => {
    const order: string[] = []
    const scope = root()
    const child = new Scope(scope)
    const below = new Listener(child, () => order.push('below'))
    const beside = new Listener(scope, () => order.push('beside'))
    scope.cancel('enough')
    expect(order).toEqual(['below', 'beside'])
    expect(below.heard).toEqual(beside.heard)
    expect(child.error).toBe(scope.error)
    expect(scope.error).toMatchObject({
      code: 'SPOOL_CANCELLED',
      source: 'explicit',
      reason: 'enough',
      message: 'Cancelled (explicit): enough',
    })
    expect([scope.cancelledHere, child.cancelledHere, child.cancelled]).toEqual([true, false, true])
  })

  test('the first reason stays', () => {
    const scope = root()
    scope.cancel('first', 'disconnect')
    scope.cancel('second')
    expect(scope.error).toMatchObject({ source: 'disconnect', reason: 'first' })
  })

  test('a scope that was cancelled before the one around it keeps its own reason', () => {
    const scope = root()
    const child = new Scope(scope)
    const listener = new Listener(child)
    child.cancel('child')
    scope.cancel('parent')
    expect([child.error?.reason, listener.heard.length]).toEqual(['child', 1])
  })

  test('a CancelledError as the reason is thrown itself', () => {
    const scope = root()
    const error = new CancelledError('shutdown')
    scope.cancel(error)
    expect(scope.error).toBe(error)
    expect(() => scope.throwIfCancelled()).toThrow(error)
  })

  test('cancel() needs no this', () => {
    const scope = root()
    const { cancel } = scope
    cancel()
    expect(scope.cancelled).toBe(true)
  })

  test('a scope made below a cancelled one is cancelled', () => {
    const scope = root()
    scope.cancel()
    expect(new Scope(scope).error).toBe(scope.error)
  })

  test('a cancellation stops at a shielded scope', () => {
    const scope = root()
    const shielded = new Scope(scope, Infinity, true)
    scope.cancel()
    const late = new Scope(scope, Infinity, true)
    expect([shielded.cancelled, late.cancelled]).toEqual([false, false])
    shielded.cancel('itself')
    expect(shielded.error?.reason).toBe('itself')
  })

  test('a member that was taken out by another one is not told', () => {
    const scope = root()
    const first = new Listener(scope, () => second.memberOf?.removeMember(second))
    const second = new Listener(scope)
    scope.cancel()
    expect([first.heard.length, second.heard.length]).toEqual([1, 0])
  })

  test('a listener that throws stops no other, and fails the group', () => {
    const scope = root()
    const { taken } = new RecordingGroup('g', { scope })
    const broken = new Listener(scope, () => {
      throw new RangeError('broken')
    })
    const heard = new Listener(scope)
    scope.cancel()
    expect([broken.heard.length, heard.heard.length]).toEqual([1, 1])
    expect(taken).toEqual([[new RangeError('broken'), 'a listener to the cancellation']])
  })

  test('throwIfCancelled() does nothing in a scope that is not cancelled', () => {
    expect(() => root().throwIfCancelled()).not.toThrow()
    expect(root().cancelledHere).toBe(false)
  })

  test('a scope that is over is not cancelled any more', () => {
    const scope = root()
    scope.end()
    scope.cancel()
    expect([scope.over, scope.cancelled]).toEqual([true, false])
  })
})

describe('the signal', () => {
  test('a signal is aborted with the CancelledError', () => {
    const scope = root()
    const { signal } = scope
    expect([signal.aborted, scope.signal === signal]).toEqual([false, true])
    scope.cancel('enough')
    expect(signal.reason).toBe(scope.error)
  })

  test('a signal asked for in a cancelled scope is aborted already', () => {
    const scope = root()
    scope.cancel()
    expect(scope.signal.aborted).toBe(true)
    expect(scope.signal.reason).toBe(scope.error)
  })

  test('a signal is not aborted because its scope came to its end', () => {
    const scope = root()
    const { signal } = scope
    scope.end()
    expect(signal.aborted).toBe(false)
  })
})

describe('deadlines', () => {
  test('a scope is cancelled when its deadline passes', async () => {
    using clock = MockClock.install()
    const scope = new Scope(root(), 10)
    await clock.advance(9)
    expect(scope.cancelled).toBe(false)
    await clock.advance(1)
    expect(scope.error?.source).toBe('deadline')
  })

  test('a deadline that is past cancels at once', () => {
    using clock = MockClock.install({ start: 10 })
    expect(new Scope(root(), 10).cancelled).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('the nearest deadline above is the one in force', () => {
    using clock = MockClock.install()
    const scope = new Scope(root(), 10)
    expect(new Scope(scope, 20).deadline).toBe(10)
    expect(new Scope(scope, 5).deadline).toBe(5)
    expect(new Scope(new Scope(scope)).deadline).toBe(10)
    expect(new Scope(scope, 20, true).deadline).toBe(20)
    expect(root().deadline).toBe(Infinity)
    expect(clock.pending).toBe(4)
  })

  test('of two deadlines at once the one further out is the one that counts', async () => {
    using clock = MockClock.install()
    const outside = root()
    const inner = new Scope(new Scope(new Scope(outside, 50)), 10)
    const outer = new Scope(outside)
    const innermost = new Scope(outer, 10)
    outer.setDeadline(10)
    await clock.advance(10)
    expect(inner.cancelledHere).toBe(true)
    expect(innermost.cancelledHere).toBe(false)
    expect(outer.cancelledHere).toBe(true)
  })

  test('setDeadline() moves the deadline, and Infinity takes it away', async () => {
    using clock = MockClock.install()
    const scope = new Scope(root(), 10)
    scope.setDeadline(20)
    await clock.advance(15)
    expect([scope.cancelled, scope.deadline]).toEqual([false, 20])
    scope.setDeadline(Infinity)
    expect(clock.pending).toBe(0)
    scope.setDeadline(12)
    expect(scope.cancelled).toBe(true)
    scope.setDeadline(30)
    expect(clock.pending).toBe(0)
  })

  test('a deadline holds for a scope below when that above is moved behind it', async () => {
    using clock = MockClock.install()
    const outer = new Scope(root(), 10)
    const inner = new Scope(outer, 15)
    outer.setDeadline(30)
    await clock.advance(15)
    expect([inner.cancelled, outer.cancelled]).toEqual([true, false])
  })

  test('a shielded scope has a deadline of its own', async () => {
    using clock = MockClock.install()
    const outer = new Scope(root(), 10)
    const shielded = new Scope(outer, 10, true)
    await clock.advance(10)
    expect([outer.cancelledHere, shielded.cancelledHere]).toEqual([true, true])
  })

  test('a timer that fires a trifle early, by rounding, still cancels', () => {
    let fire: (() => void) | undefined
    using clock = MockClock.install()
    vi.spyOn(clock, 'setTimer').mockImplementation((_, callback) => {
      fire = callback
      return { cancel: () => undefined }
    })
    const scope = new Scope(root(), 10)
    fire?.()
    expect(scope.cancelled).toBe(true)
  })

  test('end() stops the timer, and none is set after it', () => {
    using clock = MockClock.install()
    const scope = new Scope(root(), 10)
    scope.end()
    scope.setDeadline(20)
    expect(clock.pending).toBe(0)
  })
})

describe('the end', () => {
  test('end() takes the scope out of the tree', () => {
    const outer = root()
    const scope = new Scope(outer)
    expect([...outer.members()]).toEqual([scope])
    scope.end()
    expect([outer.empty, scope.over]).toEqual([true, true])
  })

  test('end() hands what is left to the scope around', () => {
    const outer = root()
    const region = new Scope(outer)
    const inner = new Scope(region)
    const listener = new Listener(region)
    region.end()
    expect(inner.parent).toBe(outer)
    expect([...outer.members()]).toEqual([inner, listener])
    outer.cancel()
    expect([inner.cancelled, listener.heard.length]).toEqual([true, 1])
  })

  test('end() tells what it hands to a scope that is cancelled', () => {
    const outer = root()
    outer.cancel()
    const shield = new Scope(outer, Infinity, true)
    const shielded = new Scope(shield, Infinity, true)
    const inner = new Scope(shield)
    const listener = new Listener(shield)
    shield.end()
    expect([shielded.cancelled, inner.cancelled]).toEqual([false, true])
    expect(listener.heard).toEqual([outer.error])
  })

  test('end() of a root leaves what is in it where it is', () => {
    const scope = root()
    const listener = new Listener(scope)
    scope.end()
    expect([...scope.members()]).toEqual([listener])
  })

  test('close() of an empty scope ends it at once', () => {
    const scope = new Scope(root())
    expect(scope.close()).toBeUndefined()
    expect([scope.over, scope.cancelled]).toEqual([true, false])
  })

  test('close() cancels what is left, and takes it out', () => {
    const scope = new Scope(root())
    const wait = new Waiter<void>(undefined, scope)
    const listener = new Listener(scope)
    expect(scope.close()).toBeUndefined()
    expect([wait.settled, scope.empty, scope.over]).toEqual([true, true, true])
    expect(listener.heard).toMatchObject([{ source: 'ended' }])
  })

  test('close() of a scope that was cancelled tells what came in after that', () => {
    const scope = new Scope(root())
    scope.cancel('before')
    const late = new Listener(scope)
    expect(late.heard).toEqual([])
    expect(scope.close()).toBeUndefined()
    expect(late.heard).toMatchObject([{ reason: 'before' }])
  })

  test('close() does not tell a member that another one takes out', () => {
    const scope = new Scope(root())
    scope.cancel()
    const first = new Listener(scope, () => second.memberOf?.removeMember(second))
    const second = new Listener(scope)
    expect(scope.close()).toBeUndefined()
    expect([first.heard.length, second.heard.length]).toEqual([1, 0])
  })

  test('close() waits for the scopes below', async () => {
    const scope = new Scope(root())
    const below = new Scope(scope)
    const shielded = new Scope(scope, Infinity, true)
    const closed = scope.close()
    expect([below.cancelled, shielded.cancelled, scope.over]).toEqual([true, false, false])
    below.end()
    shielded.end()
    await closed
    expect([scope.over, scope.empty]).toEqual([true, true])
  })
})

describe('currentScope()', () => {
  test('currentScope() is the root outside of every scope', () => {
    expect(currentScope()).toBe(rootScope)
  })

  test('currentScope() outside of every scope refuses to be cancelled', () => {
    const { cancel } = currentScope()
    expect(() => cancel('enough')).toThrow(
      new NoScopeError(
        'Cannot cancel the scope: this code runs outside of every scope; call cancel() inside run(), taskGroup() or timeout()',
      ),
    )
    expect(rootScope.cancelled).toBe(false)
  })

  test('currentScope() is the scope that the code runs in, across awaits', async () => {
    const scope = new Scope(root())
    const seen = await runInScope(scope, async () => {
      await Promise.resolve()
      return currentScope()
    })
    expect(seen).toBe(scope)
  })

  test('currentScope() in a scope that is over is the nearest around that is not', () => {
    const outer = root()
    const scope = new Scope(new Scope(outer))
    runInScope(scope, () => {
      scope.parent?.end()
      scope.end()
      expect(currentScope()).toBe(outer)
      outer.end()
      expect(currentScope()).toBe(outer)
    })
  })
})

describe('variableScope()', () => {
  test('variableScope() is inherited, and stays what it was when a scope is over', () => {
    expect(variableScope()).toBe(rootScope)
    const outer = root()
    const inner = new Scope(outer)
    expect(runInScope(inner, variableScope)).toBe(outer)
    inner.variableScope = inner
    inner.end()
    expect(runInScope(inner, variableScope)).toBe(inner)
  })
})

test('a scope tells the task that runs in it, and no other, that it was cancelled', () => {
  const scope = new Scope(undefined)
  let told = 0
  scope.task = { name: 'worker', scope, stopWaiting: () => void told++ }
  const region = new Scope(scope)
  region.cancel()
  expect(told).toBe(0)
  scope.cancel()
  expect(told).toBe(1)
})

test('a scope is closing for as long as what is left in it is waited for', async () => {
  const scope = new Scope(rootScope)
  const left = new Scope(scope)
  expect(scope.closing).toBe(false)
  const closed = scope.close()
  expect([scope.closing, scope.over]).toEqual([true, false])
  left.end()
  await closed
  expect(scope.over).toBe(true)
})
