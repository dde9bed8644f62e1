/**
 * What every `ByteStream` must do, whatever carries it: for who writes a transport of their own.
 */
import { CancelledError } from '../concurrency/errors.ts'
import { abortable } from '../concurrency/tasks/abortable.ts'
import { gather } from '../concurrency/tasks/gather.ts'
import { moveOnAfter } from '../concurrency/time/timeout.ts'
import type { ByteStream } from '../io/streams/byte-stream.ts'
import { SpoolError } from '../util/error.ts'

/** A connection to be checked: what `sender` writes, `receiver` reads. */
export interface StreamPair {
  readonly sender: ByteStream
  readonly receiver: ByteStream
  /** Closes what is behind them, after both are closed. */
  close?(): Promise<void>
}

export interface CheckStreamOptions {
  /** Whether the bytes go both ways: then both directions are checked. Default true. */
  twoWay?: boolean
}

interface Check {
  readonly name: string
  readonly twoWay?: true
  readonly run: (sender: ByteStream, receiver: ByteStream) => Promise<void>
}

// More than the system's buffers and ours hold on any carrier.
const lots = 16_777_216

const checks: readonly Check[] = [
  {
    name: 'read() gives what was written, in order',
    run: async (sender, receiver) => {
      const sent = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index * 31))
      await gather(
        async () => {
          for (let at = 0, size = 1; at < sent.length; at += size, size = (size * 5) % 4099) {
            await sender.write(sent.subarray(at, at + size))
          }
        },
        async () => {
          const got: Uint8Array[] = []
          for (let left = sent.length; left > 0; left -= got.at(-1)?.length ?? left) {
            got.push((await receiver.read()) ?? new Uint8Array())
          }
          expect(Buffer.concat(got).equals(sent), 'other bytes came than were sent')
        },
      )
    },
  },
  {
    name: 'read(size) gives at most size bytes and leaves the rest',
    run: async (sender, receiver) => {
      await sender.write('abcdef')
      expectSame(text(await receiver.readExactly(2)), 'ab')
      expectSame(text(await receiver.read(1)), 'c')
      expectSame(text(await receiver.readExactly(3)), 'def')
    },
  },
  {
    name: 'readUntil() and readLine() find what comes in pieces',
    run: async (sender, receiver) => {
      for (const piece of ['one\r', '\ntw', 'o\n', 'three:', ':', 'ä', '\n']) {
        await sender.write(piece)
      }
      expectSame(await receiver.readLine(), 'one')
      expectSame(await receiver.readLine(), 'two')
      expectSame(text(await receiver.readUntil('::')), 'three::')
      expectSame(await receiver.readLine(), 'ä')
    },
  },
  {
    name: 'readLine() refuses a line over its limit and leaves it there',
    run: async (sender, receiver) => {
      await sender.write('123456789\n')
      await expectCode('SPOOL_LIMIT', () => receiver.readLine({ limit: 8 }))
      expectSame(await receiver.readLine({ limit: 9 }), '123456789')
    },
  },
  {
    name: 'end() is seen after all bytes, and for ever',
    run: async (sender, receiver) => {
      await sender.write('all')
      sender.end()
      expectSame(text(await receiver.readAll()), 'all')
      expectSame(await receiver.read(), undefined)
      expectSame(await receiver.readLine(), undefined)
      expect(receiver.atEnd, 'atEnd is false at the end')
      await expectCode('SPOOL_CLOSED', () => sender.write('more'))
    },
  },
  {
    name: 'readExactly() and readUntil() fail with what was there if the stream ends before',
    run: async (sender, receiver) => {
      await sender.write('ab')
      sender.end()
      const error = await expectCode('SPOOL_INCOMPLETE_READ', () => receiver.readExactly(3))
      expectSame(text((error as { partial?: Uint8Array }).partial), 'ab')
      await expectCode('SPOOL_INCOMPLETE_READ', () => receiver.readUntil('x'))
    },
  },
  {
    name: 'write() waits while nobody reads, and goes on when somebody does',
    run: async (sender, receiver) => {
      const chunk = Buffer.alloc(262_144, 'x')
      let waiting: Promise<void> | undefined
      let written = 0
      while (waiting === undefined && written < lots) {
        const writing = sender.write(chunk)
        written += chunk.length
        if ((await moveOnAfter(20, () => abortable(writing))).timedOut) waiting = writing
      }
      expect(waiting !== undefined, `it took ${lots} bytes that nobody reads`)
      await receiver.readExactly(written)
      await waiting
      await sender.write('!')
      expectSame(text(await receiver.readExactly(1)), '!')
    },
  },
  {
    name: 'a cancelled read takes nothing',
    run: async (sender, receiver) => {
      await sender.write('ab')
      const stopped = await moveOnAfter(5, () => receiver.readExactly(3))
      expect(stopped.timedOut, 'it returned without enough bytes')
      await sender.write('c')
      expectSame(text(await receiver.readExactly(3)), 'abc')
    },
  },
  {
    name: 'write() in a cancelled scope writes nothing',
    run: async (sender, receiver) => {
      await moveOnAfter(0, async ({ cancel }) => {
        cancel()
        try {
          await sender.write('no')
          expect(false, 'it did not throw')
        } catch (error) {
          if (!CancelledError.is(error)) throw error
        }
      })
      await sender.write('yes')
      expectSame(text(await receiver.readExactly(3)), 'yes')
    },
  },
  {
    name: 'a second reader is refused',
    run: async (sender, receiver) => {
      await gather(
        async () => expectSame(text(await receiver.read()), 'x'),
        async () => {
          await expectCode('SPOOL_BUSY', () => receiver.read())
          await sender.write('x')
        },
      )
    },
  },
  {
    name: 'close() sends what was written, joins in when called again, and ends reading and writing',
    run: async (sender, receiver) => {
      const bytes = Buffer.alloc(1_000_000, 'spool')
      await gather(
        async () => {
          void sender.write(bytes)
          await Promise.all([sender.close(), sender.close()])
          await expectCode('SPOOL_CLOSED', () => sender.read())
          await expectCode('SPOOL_CLOSED', () => sender.write('x'))
        },
        async () => {
          expect(bytes.equals(await receiver.readAll()), 'other bytes came than were sent')
          await receiver.close()
        },
      )
    },
  },
  {
    name: 'close() in a cancelled scope closes at once and does not throw',
    run: async (sender, receiver) => {
      await moveOnAfter(0, async ({ cancel }) => {
        cancel()
        await sender.close()
        await receiver.close()
      })
      expect(sender.closed && receiver.closed, 'it is not closed')
    },
  },
  {
    name: 'write() to a peer that is gone throws',
    run: async (sender, receiver) => {
      receiver.abort()
      await expectCode('SPOOL_BROKEN', async () => {
        for (let written = 0; written < lots; written += 65_536) {
          await sender.write(Buffer.alloc(65_536))
        }
      })
    },
  },
  {
    name: 'both directions carry bytes at the same time, and end() closes one of them',
    twoWay: true,
    run: async (sender, receiver) => {
      await sender.write('question')
      sender.end()
      expectSame(text(await receiver.readAll()), 'question')
      await receiver.write('answer')
      await receiver.close()
      expectSame(text(await sender.readAll()), 'answer')
    },
  },
]

/**
 * Checks that a stream keeps all promises of `ByteStream`: order, limits, backpressure, ends, cancellation. Each
 * check gets a fresh pair, which is closed afterwards.
 *
 * ```ts
 * await checkStream(async () => {
 *   const [sender, receiver] = memoryPair()
 *   return { sender: new ByteStream(sender), receiver: new ByteStream(receiver) }
 * })
 * ```
 *
 * Cancellation: the check is stopped and its pair closed.
 *
 * @throws Error that names the first promise that was not kept, with the failure as its cause
 */
export async function checkStream(
  makePair: () => StreamPair | Promise<StreamPair>,
  options: CheckStreamOptions = {},
): Promise<void> {
  const { twoWay = true } = options
  for (const check of checks) {
    if (check.twoWay === true && !twoWay) continue
    await runCheck(check, makePair, false)
    if (twoWay) await runCheck(check, makePair, true)
  }
}

async function runCheck(
  { name, run }: Check,
  makePair: () => StreamPair | Promise<StreamPair>,
  turnedRound: boolean,
): Promise<void> {
  const pair = await makePair()
  const { sender, receiver } = pair
  try {
    await (turnedRound ? run(receiver, sender) : run(sender, receiver))
  } catch (error) {
    if (CancelledError.is(error)) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`The stream breaks a promise: ${name}: ${why}`, { cause: error })
  } finally {
    sender.abort()
    receiver.abort()
    await sender.close()
    await receiver.close()
    await pair.close?.()
  }
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

function expect(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise)
}

function expectSame(actual: unknown, expected: unknown): void {
  expect(actual === expected, `expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`)
}

async function expectCode(code: string, fn: () => Promise<unknown>): Promise<unknown> {
  try {
    await fn()
  } catch (error) {
    if (SpoolError.hasCode(error, code)) return error
    throw error
  }
  throw new Error(`it did not throw ${code}`)
}
