import { sleep, TimeoutError, timeout } from 'spool'
import { Application, requestTimeout, type ServerResponse, stream, text } from 'spool/server'
import { MockClock } from 'spool/testing'
import { describe, expect, test } from 'vitest'

const ask = (app: Application): Promise<Response> => app.fetch(new Request('http://a/'))

describe('requestTimeout()', () => {
  test('stops the handler and answers 503, or 504 where that is said', async () => {
    using clock = MockClock.install({ autoJump: true })
    const stopped: unknown[] = []
    const slow = async (): Promise<ServerResponse> => {
      try {
        await sleep(60_000)
        return text('never')
      } catch (error) {
        stopped.push(error)
        throw error
      }
    }
    expect((await ask(new Application().use(requestTimeout(1_000)).get('/', slow))).status).toBe(
      503,
    )
    expect(clock.now()).toBe(1_000)
    const gateway = new Application().use(requestTimeout(1_000, { status: 504 })).get('/', slow)
    expect((await ask(gateway)).status).toBe(504)
    expect(stopped).toMatchObject([{ source: 'deadline' }, { source: 'deadline' }])
  })

  test('leaves fast handlers alone, and streams that take their time', async () => {
    using _clock = MockClock.install({ autoJump: true })
    const app = new Application().use(requestTimeout(1_000)).get('/', () =>
      stream(
        (async function* () {
          yield 'a'
          await sleep(5_000)
          yield 'b'
        })(),
      ),
    )
    expect(await (await ask(app)).text()).toBe('ab')
    expect(
      (await ask(new Application().use(requestTimeout(1)).get('/', () => text('x')))).status,
    ).toBe(200)
  })

  test('passes a timeout of the handler’s own on as an error', async () => {
    using _clock = MockClock.install({ autoJump: true })
    const errors: unknown[] = []
    const app = new Application()
      .use(async (request, next) => {
        try {
          return await next(request)
        } catch (error) {
          errors.push(error)
          return text('caught')
        }
      }, requestTimeout(1_000))
      .get('/', () => timeout(10, () => sleep(100)).then(() => text('never')))
    expect(await (await ask(app)).text()).toBe('caught')
    expect(TimeoutError.is(errors[0])).toBe(true)
  })

  test.each([0, -1, Number.NaN])('refuses %d', (limit) => {
    expect(() => requestTimeout(limit)).toThrow(RangeError)
  })
})
