/**
 * What every transport must do, whatever carries it. Each check gets two ends of a fresh connection,
 * and runs with both ends in both roles.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BrokenResourceError } from '../../src/concurrency/errors.ts'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { rootScope, Scope } from '../../src/concurrency/scope/scope.ts'
import type { Transport } from '../../src/io/transport.ts'
import { expectNothingLeft, openResources, someTurns } from './open-resources.ts'
import { record, RecordingSink } from './recording-sink.ts'

export interface TransportPair {
  client: Transport
  server: Transport
  /** Closes what made the pair, after both ends are closed; checks that it counts none. */
  close(): Promise<void>
}

export interface TransportTraits {
  /** Whether `reset()` is told to the peer as such. */
  resets: boolean
}

export function checkTransport(
  name: string,
  traits: TransportTraits,
  makePair: () => Promise<TransportPair>,
): void {
  describe.each(['client', 'server'] as const)(`${name}, seen from the %s`, (role) => {
    let near: Transport
    let far: Transport
    let pair: TransportPair
    let before: string[]

    beforeEach(async () => {
      before = openResources()
      pair = await makePair()
      near = role === 'client' ? pair.client : pair.server
      far = role === 'client' ? pair.server : pair.client
    })

    afterEach(async () => {
      near.destroy()
      far.destroy()
      await pair.close()
      await expectNothingLeft(before)
    })

    test('write() carries text as latin1 and bytes as they are', async () => {
      const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
      record(near)
      const sink = record(far)
      near.write(all.toString('latin1'))
      near.write(all)
      near.write(new Uint8Array(all))
      await sink.until(({ byteCount }) => byteCount === 768)
      expect(sink.bytes.equals(Buffer.concat([all, all, all]))).toBe(true)
      expect(near.bytesWritten).toBe(768)
    })

    test('both ends carry bytes at the same time', async () => {
      const [nearSink, farSink] = [record(near), record(far)]
      near.write('from near')
      far.write('from far')
      await Promise.all([farSink.untilText('from near'), nearSink.untilText('from far')])
      expect(nearSink.events).toEqual(['data'])
      expect(farSink.events).toEqual(['data'])
    })

    test('cork() holds writes back until uncork(), which keeps their order', async () => {
      record(near)
      const sink = record(far)
      near.write('1')
      await sink.untilText('1')
      near.cork()
      near.write('2')
      near.write(Buffer.from('3'))
      near.write('4')
      await someTurns()
      expect(sink.text).toBe('1')
      near.uncork()
      near.write('5')
      await sink.untilText('12345')
      expect(sink.text).toBe('12345')
    })

    test('end() sends what is corked', async () => {
      record(near)
      const sink = record(far)
      near.cork()
      near.write('last words')
      near.end()
      await sink.until(({ ended }) => ended)
      expect(sink.text).toBe('last words')
    })

    test('end() closes one direction, and closed() comes when both have ended', async () => {
      const nearSink = record(near)
      const farSink = record(far)
      near.write('question')
      near.end()
      await farSink.until(({ ended }) => ended)
      expect(farSink.text).toBe('question')
      far.write('answer')
      await nearSink.untilText('answer')
      expect(nearSink.isClosed || farSink.isClosed).toBe(false)
      far.end()
      await Promise.all([nearSink.untilClosed(), farSink.untilClosed()])
      expect(nearSink.events).toEqual(['data', 'end', 'closed'])
      expect(farSink.events).toEqual(['data', 'end', 'closed'])
      expect([nearSink.error, farSink.error]).toEqual([undefined, undefined])
    })

    test('end() delivers a megabyte before the end', async () => {
      const bytes = Buffer.alloc(1_000_000, 'spool')
      record(near)
      const sink = record(far)
      near.write(bytes)
      near.end()
      await sink.until(({ ended }) => ended)
      expect(sink.bytes.equals(bytes)).toBe(true)
    })

    test('pause() stops data() and resume() goes on, with nothing lost', async () => {
      const nearSink = record(near)
      const farSink = record(far)
      far.pause()
      near.write('held back')
      far.write('sent later')
      await nearSink.untilText('sent later')
      await someTurns()
      expect(farSink.text).toBe('')
      far.resume()
      await farSink.untilText('held back')
      expect(farSink.events).toEqual(['data'])
    })

    test('pause() inside data() holds the rest back', async () => {
      record(near)
      const sink = new RecordingSink()
      sink.onData = () => far.pause()
      far.start(sink)
      const bytes = Buffer.alloc(300_000, 'abcdefg')
      near.write(bytes)
      await sink.until(({ chunks }) => chunks.length === 1)
      while (sink.byteCount < bytes.length) {
        const count = sink.chunks.length
        await someTurns(3)
        expect(sink.chunks.length).toBe(count)
        far.resume()
        await sink.until(({ chunks }) => chunks.length > count)
      }
      expect(sink.bytes.equals(bytes)).toBe(true)
    })

    test('write() answers false when too much waits, and drain() tells when it is gone', async () => {
      const nearSink = record(near)
      const farSink = record(far)
      far.pause()
      const chunk = Buffer.alloc(65_536, 'x')
      let written = chunk.length
      while (near.write(chunk)) written += chunk.length
      // More than any socket buffer takes.
      for (; written < 16_000_000; written += chunk.length) near.write(chunk)
      await someTurns()
      expect(near.bytesQueued).toBeGreaterThan(0)
      expect(nearSink.events).not.toContain('drain')
      far.resume()
      await nearSink.until(({ events }) => events.includes('drain'))
      expect(near.bytesQueued).toBe(0)
      await farSink.until(({ byteCount }) => byteCount === near.bytesWritten)
      expect(nearSink.events).toEqual(['drain'])
    })

    test('a large write goes out piece by piece, and what follows it after it', async () => {
      const nearSink = record(near)
      const farSink = record(far)
      far.pause()
      // Far more than any socket buffer takes.
      const bytes = Buffer.alloc(16_000_000, '0123456789')
      expect(near.write(bytes)).toBe(false)
      near.cork()
      near.write('tail')
      near.uncork()
      await someTurns()
      const queued = near.bytesQueued
      expect(queued).toBeGreaterThan(0)
      expect(near.bytesWritten).toBe(bytes.length + 4)
      far.resume()
      await farSink.until(({ byteCount }) => byteCount > 10_000_000)
      expect(near.bytesQueued).toBeLessThan(queued)
      near.end()
      await farSink.until(({ ended }) => ended)
      expect(near.bytesQueued).toBe(0)
      expect(nearSink.events.filter((event) => event === 'drain').length).toBeLessThan(2)
      expect(farSink.byteCount).toBe(bytes.length + 4)
      expect(farSink.bytes.subarray(0, bytes.length).equals(bytes)).toBe(true)
      expect(farSink.bytes.subarray(bytes.length).toString()).toBe('tail')
    })

    test('a large text goes out whole, and drain() tells when it is gone', async () => {
      const nearSink = record(near)
      const farSink = record(far)
      const text = '\u00e9spool'.repeat(200_000)
      // The system may take all of it at once: then there is nothing to wait for.
      if (!near.write(text)) await nearSink.until(({ events }) => events.includes('drain'))
      expect(near.bytesQueued).toBe(0)
      near.end()
      await farSink.until(({ ended }) => ended)
      expect(farSink.bytes.equals(Buffer.from(text, 'latin1'))).toBe(true)
    })

    test('drain() never comes inside write(), whether it answers true or false', async () => {
      const nearSink = record(near)
      const farSink = record(far)
      for (const size of [1000, 300_000, 600_000, 1_000_000]) {
        const drains = nearSink.drains
        const written = near.write(Buffer.alloc(size))
        expect(nearSink.drains).toBe(drains)
        if (!written) await nearSink.until((sink) => sink.drains > drains)
      }
      await farSink.until(({ byteCount }) => byteCount === near.bytesWritten)
    })

    test('destroy() in the middle of a large write drops the rest', async () => {
      const nearSink = record(near)
      record(far)
      far.pause()
      near.write(Buffer.alloc(16_000_000))
      await someTurns()
      near.destroy()
      await nearSink.untilClosed()
      expect(nearSink.events).toEqual(['closed'])
      expect(near.write('more')).toBe(false)
    })

    test('start() again hands over, from inside data() too, with nothing lost', async () => {
      record(near)
      const [first, second] = [new RecordingSink(), new RecordingSink()]
      first.onData = (bytes) => {
        far.unread(bytes.subarray(2))
        far.start(second)
      }
      far.start(first)
      near.write('abcdef')
      await second.untilText(first.text.slice(2))
      near.write('ghi')
      near.end()
      await second.until(({ ended }) => ended)
      const [chunk = Buffer.alloc(0)] = first.chunks
      expect(first.events).toEqual(['data'])
      expect(chunk.subarray(0, 2).toString() + second.text).toBe('abcdefghi')
      expect(second.events).toEqual(['data', 'end'])
    })

    test('start() again reads on although reading was paused', async () => {
      record(near)
      record(far)
      far.pause()
      near.write('hello')
      const second = record(far)
      await second.untilText('hello')
      expect(second.events).toEqual(['data'])
    })

    test('start() tells a new sink that the peer had ended, and that all is closed', async () => {
      const nearSink = record(near)
      await (() => {
        far.end()
        return nearSink.until(({ ended }) => ended)
      })()
      const second = record(near)
      expect(second.events).toEqual([])
      await second.until(({ ended }) => ended)
      near.end()
      await second.untilClosed()
      const third = record(near)
      await third.untilClosed()
      expect(second.events).toEqual(['end', 'closed'])
      expect(third.events.at(-1)).toBe('closed')
    })

    test('unread() bytes come first, and before the end', async () => {
      record(near)
      const sink = new RecordingSink()
      far.start(sink)
      near.write('abc')
      await sink.untilText('abc')
      far.unread(Buffer.from('bc'))
      far.unread(Buffer.from('a'))
      near.write('def')
      near.end()
      await someTurns()
      expect(sink.events).toEqual(['data'])
      far.resume()
      await sink.until(({ ended }) => ended)
      expect(sink.text).toBe('abcabcdef')
      expect(sink.events).toEqual(['data', 'end'])
    })

    test('unread() bytes are not lost when both ends have ended', async () => {
      const nearSink = record(near)
      const farSink = record(far)
      near.write('tail')
      await farSink.untilText('tail')
      far.unread(Buffer.from('tail'))
      near.end()
      far.end()
      await nearSink.untilClosed()
      await someTurns()
      expect(farSink.events).toEqual(['data'])
      far.resume()
      await farSink.untilClosed()
      expect(farSink.text).toBe('tailtail')
      expect(farSink.events).toEqual(['data', 'end', 'closed'])
    })

    test('destroy() is told by closed() alone, once, and later', async () => {
      const nearSink = record(near)
      const farSink = record(far, { ending: true })
      near.destroy()
      near.destroy(new Error('too late'))
      near.reset()
      expect(nearSink.events).toEqual([])
      await Promise.all([nearSink.untilClosed(), farSink.untilClosed()])
      await someTurns()
      expect(nearSink.events).toEqual(['closed'])
      expect(nearSink.error).toBeUndefined()
      expect(farSink.events.filter((event) => event === 'closed')).toHaveLength(1)
    })

    test('destroy(error) gives closed() that very error', async () => {
      const sink = record(near)
      const error = new Error('enough')
      near.destroy(error)
      await sink.untilClosed()
      expect(sink.error).toBe(error)
    })

    test('destroy() inside data() drops what is left', async () => {
      record(near)
      const sink = new RecordingSink()
      far.start(sink)
      far.pause()
      near.write(Buffer.alloc(200_000, 'x'))
      await someTurns()
      sink.onData = () => far.destroy()
      far.resume()
      await sink.untilClosed()
      await someTurns()
      expect(sink.chunks).toHaveLength(1)
      expect(sink.events).toEqual(['data', 'closed'])
    })

    test('destroy() before start() is told to who starts it', async () => {
      near.destroy()
      await someTurns()
      const sink = record(near)
      expect(sink.events).toEqual([])
      await sink.untilClosed()
      expect(sink.events).toEqual(['closed'])
    })

    test('destroy() drops bytes that were given back', async () => {
      record(near)
      const sink = record(far)
      near.write('abc')
      await sink.untilText('abc')
      far.unread(Buffer.from('abc'))
      far.destroy()
      far.resume()
      await sink.untilClosed()
      expect(sink.events).toEqual(['data', 'closed'])
    })

    test('write() and end() after end() and after destroy() do nothing', async () => {
      const nearSink = record(near)
      const farSink = record(far)
      near.write('all')
      near.end()
      near.end()
      expect(near.write('more')).toBe(false)
      await farSink.until(({ ended }) => ended)
      near.destroy()
      expect(near.write('more')).toBe(false)
      near.end()
      near.pause()
      near.resume()
      await nearSink.untilClosed()
      expect(near.write('more')).toBe(false)
      expect(farSink.text).toBe('all')
      expect(nearSink.error).toBeUndefined()
    })

    test('closed() tells who writes to a peer that is gone, with a BrokenResourceError', async () => {
      const nearSink = record(near)
      const farSink = record(far)
      near.write('hello')
      await farSink.untilText('hello')
      far.destroy()
      await farSink.untilClosed()
      // The first bytes may still be taken; the answer to them is a reset.
      while (!nearSink.isClosed) {
        near.write('are you there?')
        await someTurns(1)
      }
      expect(nearSink.error).toBeInstanceOf(BrokenResourceError)
      expect(nearSink.error).toMatchObject({ code: 'SPOOL_BROKEN' })
    })

    test(`reset() is told to the peer${traits.resets ? ' as an error' : ''}`, async () => {
      const nearSink = record(near)
      const farSink = record(far, { ending: true })
      near.write('hello')
      await farSink.untilText('hello')
      near.reset()
      await Promise.all([nearSink.untilClosed(), farSink.untilClosed()])
      expect(nearSink.error).toBeUndefined()
      expect([farSink.error instanceof BrokenResourceError, farSink.ended]).toEqual(
        // Where there are no resets, the system may still make one of bytes that nobody read.
        traits.resets ? [true, false] : [!farSink.ended, farSink.ended],
      )
    })

    test('a sink is called outside of every scope, whoever uses the transport', async () => {
      const scope = new Scope(rootScope)
      const [nearSink, farSink] = runInScope(scope, () => [record(near), record(far)])
      await runInScope(scope, async () => {
        far.pause()
        const chunk = Buffer.alloc(65_536)
        // Until the system takes no more at once: how much that is, is its own affair.
        let full = false
        for (let written = 0; written < 4_000_000 || (!full && written < 200_000_000);) {
          full = !near.write(chunk) || full
          written += chunk.length
        }
        await someTurns()
        far.resume()
        await nearSink.until(({ events }) => events.includes('drain'))
        await farSink.until(({ byteCount }) => byteCount === near.bytesWritten)
        far.unread(Buffer.from('again'))
        far.resume()
        await farSink.until(({ text }) => text.endsWith('again'))
        near.end()
        await farSink.until(({ ended }) => ended)
        far.end()
        await Promise.all([nearSink.untilClosed(), farSink.untilClosed()])
      })
      scope.end()
      expect([nearSink.callsInScopes, farSink.callsInScopes]).toEqual([0, 0])
    })

    test('closed() comes outside of every scope after destroy() in one', async () => {
      const scope = new Scope(rootScope)
      const nearSink = record(near)
      const farSink = record(far, { ending: true })
      runInScope(scope, () => near.destroy())
      await Promise.all([nearSink.untilClosed(), farSink.untilClosed()])
      scope.end()
      expect([nearSink.callsInScopes, farSink.callsInScopes]).toEqual([0, 0])
    })

    test('bytes of all sizes arrive in order under backpressure', async () => {
      const sent: Buffer[] = []
      const nearSink = record(near)
      const farSink = record(far)
      let size = 1
      for (let index = 0; index < 60; index++) {
        const bytes = Buffer.alloc(size, `${index}:`)
        sent.push(bytes)
        size = (size * 7 + index) % 90_001
        if (index % 10 === 3) far.pause()
        if (!near.write(bytes)) {
          const told = nearSink.events.length
          await someTurns(1)
          far.resume()
          await nearSink.until(({ events }) => events.length > told)
        }
      }
      far.resume()
      near.end()
      await farSink.until(({ ended }) => ended)
      expect(farSink.bytes.equals(Buffer.concat(sent))).toBe(true)
    })
  })
}
