import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BusyResourceError, CancelledError } from '../../src/concurrency/errors.ts'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { rootScope, Scope } from '../../src/concurrency/scope/scope.ts'
import { CachingResolver, type CachingResolverOptions } from '../../src/io/caching-resolver.ts'
import type { ResolvedAddress, Resolver } from '../../src/io/resolver.ts'
import { MockClock, settle } from '../../src/testing/index.ts'
import { rejectionOf } from '../support/rejection.ts'

let clock: MockClock
beforeEach(() => {
  clock = MockClock.install()
})
afterEach(() => clock[Symbol.dispose]())

const addresses = (...list: string[]): ResolvedAddress[] =>
  list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

/** A resolver whose answers the test gives. */
class Manual implements Resolver {
  readonly asked: string[] = []
  readonly #answers = new Map<string, PromiseWithResolvers<readonly ResolvedAddress[]>>()

  resolve(host: string): Promise<readonly ResolvedAddress[]> {
    this.asked.push(host)
    const answer = Promise.withResolvers<readonly ResolvedAddress[]>()
    this.#answers.set(host, answer)
    return answer.promise
  }

  async answer(host: string, ...list: string[]): Promise<void> {
    this.#answers.get(host)?.resolve(addresses(...list))
    await settle()
  }

  async fail(host: string, code: string): Promise<void> {
    this.#answers.get(host)?.reject(Object.assign(new Error(code), { code }))
    await settle()
  }
}

function make(options: CachingResolverOptions = {}): [CachingResolver, Manual] {
  const manual = new Manual()
  return [new CachingResolver({ ...options, resolver: manual }), manual]
}

describe('CachingResolver', () => {
  test('asks once for all who want a name at the same time, in any case', async () => {
    const [resolver, manual] = make()
    const answers = Promise.all(
      ['a.test', 'A.test', 'a.TEST'].map((host) => resolver.resolve(host)),
    )
    await settle()
    expect(resolver.statistics()).toMatchObject({ active: 1, waiting: 3, queued: 0 })
    await manual.answer('a.test', '192.0.2.1')
    expect(await answers).toEqual(Array(3).fill(addresses('192.0.2.1')))
    expect(manual.asked).toEqual(['a.test'])
    expect(String(resolver)).toBe(
      'CachingResolver(1 names known; 0 look-ups under way, 0 queued, for 0 callers)',
    )
  })

  test('keeps an answer for its time, and not longer', async () => {
    const [resolver, manual] = make({ ttl: 1000 })
    const first = resolver.resolve('a.test')
    await settle()
    await manual.answer('a.test', '192.0.2.1')
    await first
    await clock.advance(999)
    expect(await resolver.resolve('a.test')).toEqual(addresses('192.0.2.1'))
    await clock.advance(1)
    const second = resolver.resolve('a.test')
    await settle()
    await manual.answer('a.test', '192.0.2.2')
    expect(await second).toEqual(addresses('192.0.2.2'))
    expect(resolver.statistics()).toMatchObject({ lookups: 2, hits: 1 })
  })

  test('remembers for 5 s that there is no such host, and not that nobody answered', async () => {
    const [resolver, manual] = make()
    for (const [host, code] of [
      ['none.test', 'ENOTFOUND'],
      ['down.test', 'EAI_AGAIN'],
    ] as const) {
      const failure = rejectionOf(resolver.resolve(host))
      await settle()
      await manual.fail(host, code)
      expect(await failure).toMatchObject({ code })
    }
    await clock.advance(4_999)
    expect(await rejectionOf(resolver.resolve('none.test'))).toMatchObject({ code: 'ENOTFOUND' })
    expect(manual.asked).toEqual(['none.test', 'down.test'])
    const again = resolver.resolve('down.test')
    await settle()
    await manual.answer('down.test', '192.0.2.1')
    expect(await again).toEqual(addresses('192.0.2.1'))
    await clock.advance(1)
    void rejectionOf(resolver.resolve('none.test'))
    await settle()
    expect(manual.asked).toEqual(['none.test', 'down.test', 'down.test', 'none.test'])
    await manual.fail('none.test', 'ENOTFOUND')
  })

  test('makes so many look-ups at once, the others in their order', async () => {
    const [resolver, manual] = make({ limit: 2, maxQueue: 2 })
    const all = ['a', 'b', 'c', 'd'].map((host) => resolver.resolve(host))
    await settle()
    expect(manual.asked).toEqual(['a', 'b'])
    expect(resolver.statistics()).toMatchObject({ active: 2, queued: 2, waiting: 4 })
    const error = await rejectionOf(resolver.resolve('e'))
    expect(error).toBeInstanceOf(BusyResourceError)
    expect(error).toMatchObject({
      message: 'Cannot look up "e": 2 names wait, which is the limit',
    })
    // Who wants a name that is waited for needs no place.
    const shared = resolver.resolve('d')
    await manual.answer('b', '192.0.2.2')
    expect(manual.asked).toEqual(['a', 'b', 'c'])
    for (const host of ['a', 'c', 'd']) {
      await settle()
      await manual.answer(host, '192.0.2.1')
    }
    await Promise.all([...all, shared])
    expect(resolver.statistics()).toMatchObject({ active: 0, queued: 0, waiting: 0, entries: 4 })
  })

  test('lets a cancelled caller leave: what was begun is kept, what was not is not begun', async () => {
    const [resolver, manual] = make({ limit: 1 })
    const scope = new Scope(rootScope)
    const left = runInScope(scope, () =>
      ['a', 'b'].map((host) => rejectionOf(resolver.resolve(host))),
    )
    await settle()
    scope.cancel()
    for (const failure of left) expect(await failure).toBeInstanceOf(CancelledError)
    expect(Array.from(scope.members())).toEqual([])
    scope.end()
    expect(resolver.statistics()).toMatchObject({ active: 1, queued: 0, waiting: 0 })
    await manual.answer('a', '192.0.2.1')
    expect(manual.asked).toEqual(['a'])
    expect(await resolver.resolve('a')).toEqual(addresses('192.0.2.1'))
    expect(clock.pending).toBe(0)
  })

  test('does nothing in a scope that is cancelled', async () => {
    const [resolver, manual] = make()
    const scope = new Scope(rootScope)
    scope.cancel()
    const failure = runInScope(scope, () => rejectionOf(resolver.resolve('a')))
    expect(await failure).toBeInstanceOf(CancelledError)
    scope.end()
    expect(manual.asked).toEqual([])
    expect(resolver.statistics()).toMatchObject({ active: 0, queued: 0, waiting: 0 })
  })

  test('gives up a resolver that never answers, so that its place falls free', async () => {
    const [resolver, manual] = make({ limit: 1 })
    const failure = rejectionOf(resolver.resolve('a'))
    const next = resolver.resolve('b')
    await settle()
    await clock.advance(60_000)
    expect(await failure).toMatchObject({ message: 'no answer in 60000 ms' })
    await settle()
    await manual.answer('a', '192.0.2.9')
    await manual.answer('b', '192.0.2.2')
    expect(await next).toEqual(addresses('192.0.2.2'))
    expect(resolver.statistics()).toMatchObject({ active: 0, waiting: 0, entries: 1 })
  })

  test('keeps so many names, and drops the one that was asked for longest ago', async () => {
    const [resolver, manual] = make({ maxEntries: 2 })
    for (const host of ['a', 'b', 'a', 'c']) {
      const answer = resolver.resolve(host)
      await settle()
      await manual.answer(host, '192.0.2.1')
      await answer
    }
    expect(resolver.statistics().entries).toBe(2)
    await resolver.resolve('a')
    expect(manual.asked).toEqual(['a', 'b', 'c'])
  })

  test('tries the address first that answered last, for ten minutes', async () => {
    const [resolver, manual] = make({ ttl: 1000 })
    const ask = async (): Promise<unknown> => {
      const answer = resolver.resolve('a')
      await settle()
      await manual.answer('a', '2001:db8::1', '192.0.2.1', '192.0.2.2')
      return (await answer).map(({ address }) => address)
    }
    expect(resolver.chooses('a')).toBe(false)
    await ask()
    expect(resolver.chooses('A')).toBe(true)
    resolver.succeeded('a', '192.0.2.2')
    const preferred = ['192.0.2.2', '2001:db8::1', '192.0.2.1']
    expect(await ask()).toEqual(preferred)
    await clock.advance(599_999)
    expect(await ask()).toEqual(preferred)
    await clock.advance(1000)
    expect(await ask()).toEqual(['2001:db8::1', '192.0.2.1', '192.0.2.2'])
  })

  test('forget() forgets one name, or all', async () => {
    const [resolver, manual] = make()
    for (const host of ['a', 'b']) {
      const answer = resolver.resolve(host)
      await settle()
      await manual.answer(host, '192.0.2.1')
      await answer
    }
    resolver.forget('A')
    expect(resolver.statistics().entries).toBe(1)
    resolver.forget()
    expect(resolver.statistics().entries).toBe(0)
  })

  test('hands on what a resolver throws, at once too', async () => {
    const resolver = new CachingResolver({
      resolver: {
        resolve: () => {
          throw new TypeError('no')
        },
      },
    })
    await expect(resolver.resolve('a')).rejects.toThrow('no')
  })

  test('refuses numbers that make no sense', () => {
    expect(() => new CachingResolver({ ttl: -1 })).toThrow(
      'Cannot use -1 as "ttl": expected 0 or more',
    )
    expect(() => new CachingResolver({ limit: 0 })).toThrow(RangeError)
    const misspelt: object = { negativeTtl: 1 }
    expect(() => new CachingResolver(misspelt)).toThrow('expected "negativeTTL"')
  })
})
