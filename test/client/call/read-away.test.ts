import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { timeout } from 'spool'
import { ResponseError, retry } from 'spool/client'
import { MockClock } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import { checkNothingLeft, MemoryFixture, response } from '../support/memory-server.ts'

let clock: MockClock

beforeEach(() => {
  clock = MockClock.install({ autoJump: true })
})

afterEach(() => {
  clock[Symbol.dispose]()
})

/** Answers the first request with a body that stalls, and each other one as a whole. */
function stalling(
  head: string,
  options: ConstructorParameters<typeof MemoryFixture>[1] = {},
): MemoryFixture {
  let asked = 0
  return new MemoryFixture(async (peer) => {
    for (;;) {
      await peer.request()
      if (asked++ > 0) peer.send(response('there'))
      else peer.send(`HTTP/1.1 ${head}\r\nContent-Length: 10\r\n\r\nabc`)
    }
  }, options)
}

describe('a body that nobody wants, and that stalls', () => {
  it.each([
    ['a second', undefined, 1000],
    ['the time-out "idle"', { idle: 200 }, 200],
  ])('holds up a redirect for %s at most', async (_, given, most) => {
    await using fixture = stalling('302 Found\r\nLocation: /b', { timeout: given })
    const begun = clock.now()
    expect(await fixture.session.get('/a').text()).toBe('there')
    expect(clock.now() - begun).toBeLessThanOrEqual(most + 100)
    expect(fixture.server.peers.map(({ closed }) => closed)).toEqual([true, false])
  })

  it('holds up a repetition for a second at most', async () => {
    await using fixture = stalling('503 Busy', { middleware: [retry({ random: () => 0 })] })
    const begun = clock.now()
    expect(await fixture.session.get('/').text()).toBe('there')
    expect(clock.now() - begun).toBeLessThanOrEqual(1000 + 250 + 100)
  })

  it.each([undefined, { idle: 200 }])(
    'leaves the failure by status as it is, with what has come (%o)',
    async (given) => {
      await using fixture = stalling('503 Busy', { raiseForStatus: true, timeout: given })
      const error = await rejectionOf(fixture.session.get('/').text())
      expect(error).toBeInstanceOf(ResponseError)
      expect(error).toMatchObject({ status: 503, body: 'abc' })
      expect(clock.now()).toBeLessThanOrEqual(1100)
      await fixture.server.peers[0]?.untilClosed()
    },
  )

  it.each(['302 Found\r\nLocation: /b', '503 Busy'])(
    'ends with the whole, and with the scope around it (%j)',
    async (head) => {
      const whole = stalling(head, { raiseForStatus: true, timeout: 300 })
      const error = await rejectionOf(whole.session.get('/').text())
      expect(error).toMatchObject({ code: 'SPOOL_TIMEOUT', phase: 'total' })
      await whole.session.close()
      await checkNothingLeft(whole)
      const inScope = stalling(head, { raiseForStatus: true })
      const ended = await rejectionOf(timeout(300, () => inScope.session.get('/').text()))
      expect(ended).toMatchObject({ code: 'SPOOL_TIMEOUT', phase: 'scope' })
      await inScope.session.close()
      await checkNothingLeft(inScope)
    },
  )
})
