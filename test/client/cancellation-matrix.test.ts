/**
 * Every way to use a request × every phase that it can be in × every way to give it up: it ends with the
 * right error, nothing is left of it, and the next request works.
 *
 * All of it goes through one network in memory: a name is looked up, a proxy connected to and asked for a
 * tunnel, TLS started in it, and a server answers. Each row stops one of these steps.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CancelledError, sleep, TimeoutError } from 'spool'
import {
  type ClientMiddleware,
  type ClientSession,
  digestAuth,
  type RequestOptions,
} from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { turnUntil } from '../support/open-resources.ts'
import { rejectionOf } from '../support/rejection.ts'
import { OwnScope } from './support/own-scope.ts'
import { body, isOn, Network, type Phase, phases } from './support/stopping-network.ts'

const large = 'x'.repeat(300_000)

async function* pieces(): AsyncGenerator<string> {
  for (let count = 0; count < 10; count++) {
    await sleep(1)
    yield large.slice(0, 50_000)
  }
}

type Operation = (
  session: ClientSession,
  url: string,
  options: RequestOptions,
) => PromiseLike<unknown>

/** Whatever it takes to read a response to its end. */
const operations: Record<string, Operation> = {
  'get().text()': (session, url, options) => session.get(url, options).text(),
  'get().json()': (session, url, options) => session.get(url, options).json(),
  'get().bytes()': (session, url, options) => session.get(url, options).bytes(),
  'get().lines()': (session, url, options) => readLines(session, url, options),
  'a response, and its text()': async (session, url, options) => {
    await using response = await session.get(url, options)
    return await response.text()
  },
  'a response, and its body in a loop': async (session, url, options) => {
    await using response = await session.get(url, options)
    let size = 0
    for await (const chunk of response.body) size += chunk.byteLength
    return size
  },
  'reader().readExactly()': async (session, url, options) => {
    await using response = await session.get(url, options)
    return await response.reader().readExactly(body.length)
  },
  'get().saveTo()': (session, url, options) => session.get(url, options).saveTo(join(folder, 'a')),
  'download()': (session, url, options) => session.download(url, join(folder, 'b'), options),
  'events()': async (session, url, options) => {
    for await (const _ of session.events(url, { ...options, reconnect: false }));
  },
  'post() of a text': (session, url, options) =>
    session.post(url, { ...options, body: large }).text(),
  'post() of an iterable': (session, url, options) =>
    session.post(url, { ...options, body: pieces() }).text(),
  'post() of an iterable that waits for 100': (session, url, options) =>
    session.post(url, { ...options, body: pieces(), expectContinue: 5000 }).text(),
}

/** The same by `fetch`, which has no timeout of its own. */
const fetches: Record<
  string,
  (session: ClientSession, url: string, signal?: AbortSignal) => Promise<unknown>
> = {
  'fetch() and its text()': async (session, url, signal) => {
    const response = await session.fetch(url, signal === undefined ? {} : { signal })
    return response.text()
  },
  'fetch() that posts': async (session, url, signal) => {
    const init = { method: 'POST', body: large }
    const response = await session.fetch(url, signal === undefined ? init : { ...init, signal })
    return response.arrayBuffer()
  },
}

async function readLines(
  session: ClientSession,
  url: string,
  options: RequestOptions,
): Promise<string[]> {
  const lines: string[] = []
  for await (const line of session.get(url, options).lines()) lines.push(line)
  return lines
}

const retryAfter503: ClientMiddleware = async (request, next) => {
  for (;;) {
    const response = await next(request)
    if (response.status !== 503) return response
    await response.close()
    await sleep(60_000)
  }
}

/** How a request is given up: `begin` makes it, in its scope if it has one, `giveUp` ends it. */
const means: Record<
  string,
  (clock: MockClock) => {
    options: RequestOptions
    giveUp: (scope: OwnScope) => Promise<void> | void
    check: (error: unknown) => void
  }
> = {
  scope: () => ({
    options: {},
    giveUp: (scope) => scope.cancel('enough'),
    check: (error) => {
      expect(error).toBeInstanceOf(CancelledError)
      expect(error).toMatchObject({ source: 'explicit', reason: 'enough' })
    },
  }),
  signal: () => {
    const controller = new AbortController()
    return {
      options: { signal: controller.signal },
      giveUp: () => controller.abort('enough'),
      check: (error) => {
        expect(error).toBeInstanceOf(CancelledError)
        expect(error).toMatchObject({ source: 'signal', reason: 'enough' })
      },
    }
  },
  timeout: (clock) => ({
    options: { timeout: { total: 500 } },
    giveUp: () => clock.advance(1000),
    check: (error) => {
      expect(error).toBeInstanceOf(TimeoutError)
      expect(error).toMatchObject({ phase: 'total', timeout: 500 })
    },
  }),
}

interface Around {
  readonly title: string
  readonly middleware: readonly ClientMiddleware[]
  /** The one phase that only this middleware brings about. */
  readonly phase?: Phase
}

const nothingAround: Around = { title: 'without a middleware', middleware: [] }
const arounds: readonly Around[] = [
  nothingAround,
  { title: 'through a middleware', middleware: [retryAfter503], phase: 'retry pause' },
]

/** What can't happen: a GET has no body to send, and only middlewares make pauses and answers. */
function happens(phase: Phase, operation: string, { phase: own }: Around): boolean {
  if (phase === 'send body') return operation.includes('post')
  if (phase === 'wait for 100') return operation.includes('100')
  return (phase !== 'retry pause' && phase !== 'answer to a challenge') || phase === own
}

let clock: MockClock
beforeEach(() => {
  clock = MockClock.install()
})
afterEach(() => clock[Symbol.dispose]())

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'given-up-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Lets everything happen that needs no time, and the steps of an iterable. */
async function comeToRest(): Promise<void> {
  for (let count = 0; count < 12; count++) {
    await settle()
    await clock.advance(1)
  }
  await settle()
}

const nothing = { active: 0, connecting: 0, waiting: 0, requests: 0 }

/** Plays one row: makes the request, gives it up when it can go no further, and looks for what is left. */
async function checkGivenUp(
  network: Network,
  { middleware }: Around,
  operate: (session: ClientSession) => PromiseLike<unknown>,
  giveUp: (scope: OwnScope) => Promise<void> | void,
  check: (error: unknown) => void,
): Promise<void> {
  const { stuckAt: phase, url } = network
  const session = network.session(middleware)
  using holder = new OwnScope()
  // The one that has the only place, where the queue is the phase.
  const held =
    phase === 'queue' ? runInScope(holder, () => rejectionOf(session.get(url).text())) : undefined
  await settle()
  const before = session.statistics().requests
  using scope = new OwnScope()
  let settled = false
  const failure = runInScope(scope, () => rejectionOf(operate(session)))
  void failure.then(() => (settled = true))
  // What looks at files before it asks takes its time.
  await turnUntil(() => session.statistics().requests > before)
  await comeToRest()
  expect(settled, 'It has ended by itself').toBe(false)
  expect(session.statistics().waiting).toBe(phase === 'queue' ? 1 : 0)

  await giveUp(scope)
  check(await failure)
  await comeToRest()
  holder.cancel()
  await held
  await settle()

  expect(session.statistics()).toMatchObject(nothing)
  expect(network.opener?.statistics()).toMatchObject({ waiting: 0, queued: 0 })
  expect(scope.empty, 'The scope still holds something').toBe(true)
  const { open } = session.statistics()
  expect(network.ends.filter(({ closed }) => !closed)).toHaveLength(open)

  network.heal()
  expect(await session.get(url).text()).toBe(body)
  await session.close()
  await settle()
  expect(session.statistics()).toMatchObject({ ...nothing, open: 0 })
  expect(network.ends.every(({ closed }) => closed)).toBe(true)
  expect(clock.pending).toBe(0)
}

describe.each(arounds.map((around) => [around.title, around] as const))(
  'a request %s',
  (_, around) => {
    const phasesOf = (name: string): Phase[] =>
      phases.filter((phase) => happens(phase, name, around))

    describe.each(Object.entries(operations))('%s', (name, operate) => {
      describe.each(phasesOf(name))('given up in phase %s', (phase) => {
        test.each(Object.entries(means))('by %s', async (_, make) => {
          const network = new Network(phase, 'tunnel')
          const { options, giveUp, check } = make(clock)
          const request = (session: ClientSession): PromiseLike<unknown> =>
            operate(session, network.url, options)
          await checkGivenUp(network, around, request, giveUp, check)
        })
      })
    })

    describe.each(Object.entries(fetches))('%s', (name, operate) => {
      describe.each(phasesOf(name))('given up in phase %s', (phase) => {
        test('by its scope', async () => {
          const network = new Network(phase, 'tunnel')
          await checkGivenUp(
            network,
            around,
            (session) => operate(session, network.url),
            (scope) => scope.cancel('enough'),
            (error) => expect(error).toMatchObject({ code: 'SPOOL_CANCELLED', reason: 'enough' }),
          )
        })

        test('by its signal', async () => {
          const network = new Network(phase, 'tunnel')
          const controller = new AbortController()
          await checkGivenUp(
            network,
            around,
            (session) => operate(session, network.url, controller.signal),
            () => controller.abort('enough'),
            (error) => expect(error).toBe('enough'),
          )
        })
      })
    })
  },
)

const few = ['get().text()', 'get().saveTo()', 'post() of an iterable that waits for 100'] as const

describe.each(['direct', 'forward', 'SOCKS'] as const)('a request by the way "%s"', (way) => {
  describe.each(few)('%s', (name) => {
    const operate = operations[name] as Operation
    const possible = phases.filter(
      (phase) => isOn(way, phase) && happens(phase, name, nothingAround),
    )
    describe.each(possible)('given up in phase %s', (phase) => {
      test.each(Object.entries(means))('by %s', async (_, make) => {
        const network = new Network(phase, way)
        const { options, giveUp, check } = make(clock)
        const request = (session: ClientSession): PromiseLike<unknown> =>
          operate(session, network.url, options)
        await checkGivenUp(network, nothingAround, request, giveUp, check)
      })
    })
  })
})

const challenged = ['get().text()', 'get().saveTo()', 'post() of a text'] as const

describe.each(challenged)('a request through digestAuth(), %s', (name) => {
  const operate = operations[name] as Operation
  test.each(Object.entries(means))(
    'given up while its answer is on its way, by %s',
    async (_, make) => {
      const network = new Network('answer to a challenge', 'tunnel')
      const middleware = [digestAuth({ username: 'ada', password: 'secret' })]
      const { options, giveUp, check } = make(clock)
      const request = (session: ClientSession): PromiseLike<unknown> =>
        operate(session, network.url, options)
      await checkGivenUp(network, { title: '', middleware }, request, giveUp, check)
    },
  )
})
