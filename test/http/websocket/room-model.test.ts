/** Rooms against a model that is simple enough to be right: a list of messages for each member. */
import { Room, type RoomOptions } from 'spool/server'
import { settle } from 'spool/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { turn } from '../../../src/testing/settle.ts'
import { someTurns, turnUntil } from '../../support/open-resources.ts'
import '../../support/property-seed.ts'
import { MessageReader } from '../../support/websocket-messages.ts'
import { type Pair, webSocketPair } from '../../support/websocket-pair.ts'

const kinds = ['plain', 'shared', 'context', 'client'] as const
type Kind = (typeof kinds)[number]

const count = 4
const whoever = fc.nat(count - 1)
// Some are compressed and some are not; and a few of them fill a transport.
const size = fc.nat(120)

type Step =
  | { do: 'publish'; size: number; except: number | undefined }
  | { do: 'send'; who: number; size: number }
  | { do: 'stream' | 'join' | 'leave' | 'pause' | 'resume' | 'close' | 'peerCloses'; who: number }
  | { do: 'turn' | 'settle' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('publish' as const),
        size,
        except: fc.option(whoever, { nil: undefined, freq: 3 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('send' as const), who: whoever, size }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('join', 'leave', 'pause', 'resume', 'stream'),
        who: whoever,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom('close', 'peerCloses'), who: whoever }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('turn', 'settle') }) },
  ),
  { maxLength: 60 },
)

async function pairOf(kind: Kind): Promise<Pair> {
  const memory = { highWaterMark: 256 }
  const compression = { threshold: 60 }
  if (kind === 'plain') return webSocketPair('server', {}, undefined, memory)
  if (kind === 'client') return webSocketPair('client', {}, undefined, memory)
  const contextTakeover = kind === 'context'
  return webSocketPair('server', { compression }, { contextTakeover }, memory)
}

/** One connection, and what it should get. */
class Modelled {
  readonly pair: Pair
  readonly expected: string[] = []
  joined = false
  open = true
  /** Ends the message that is being sent in fragments. */
  endStream: (() => void) | undefined = undefined
  readonly #reader: MessageReader

  constructor(pair: Pair, kind: Kind) {
    this.pair = pair
    this.#reader = new MessageReader(kind === 'context')
  }

  get got(): string[] {
    this.#reader.read(this.pair.peer.take())
    return this.#reader.messages
  }

  send(message: string): void {
    if (!this.open || this.endStream !== undefined) return
    this.expected.push(message)
    void this.pair.ws.send(message).catch(() => undefined)
  }

  async stream(message: string): Promise<void> {
    if (!this.open || this.endStream !== undefined) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.endStream = resolve
    this.expected.push(message)
    const parts = async function* (): AsyncGenerator<string> {
      yield message.slice(0, 3)
      yield message.slice(3, 5)
      await promise
      yield message.slice(5)
    }
    void this.pair.ws.send(parts()).then(() => (this.endStream = undefined))
    // What comes from here on comes behind it.
    await settle()
  }

  closes(): boolean {
    // One that breaks a message off has an end of its own.
    if (!this.open || this.endStream !== undefined) return false
    this.open = this.joined = false
    this.expected.push('close 1000')
    return true
  }
}

async function run(all: readonly Step[], members: Modelled[], room: Room): Promise<void> {
  const [answers, wanted]: [unknown[], unknown[]] = [[], []]
  for (const [number, step] of all.entries()) {
    const member = 'who' in step ? members[step.who]! : undefined
    const message = `${number}:`.padEnd('size' in step ? step.size : 20, 'x')
    switch (step.do) {
      case 'publish': {
        const except = step.except === undefined ? undefined : members[step.except]!
        const receivers = members.filter((each) => each.joined && each !== except)
        for (const { expected } of receivers) expected.push(message)
        const options = except === undefined ? {} : { except: except.pair.ws }
        wanted.push(receivers.length)
        answers.push(await room.publish(message, options))
        break
      }
      case 'send':
        member!.send(message)
        break
      case 'stream':
        await member!.stream(message)
        break
      case 'join':
        if (member!.open) member!.joined = true
        room.join(member!.pair.ws)
        break
      case 'leave':
        wanted.push(member!.joined)
        answers.push(room.leave(member!.pair.ws))
        member!.joined = false
        break
      case 'pause':
        member!.pair.peer.transport.pause()
        break
      case 'resume':
        member!.pair.peer.transport.resume()
        break
      case 'close':
        if (member!.closes()) void member!.pair.ws.close()
        break
      case 'peerCloses':
        if (member!.closes()) await member!.pair.peer.close(1000)
        break
      case 'turn':
        await turn()
        break
      case 'settle':
        for (const { endStream } of members) endStream?.()
        await settle()
        break
    }
    expect(room.size).toBe(members.filter(({ joined }) => joined).length)
  }
  expect(answers).toEqual(wanted)
}

async function finish(members: readonly Modelled[]): Promise<void> {
  for (const member of members) {
    member.endStream?.()
    member.pair.peer.transport.resume()
  }
  await turnUntil(() => members.every(({ got, expected }) => got.length >= expected.length))
  await someTurns(5)
}

describe('Room', () => {
  test('gives each member what the model says, whatever happens in whatever order', async () => {
    const settings = fc.record({
      whenSlow: fc.constantFrom('wait', 'drop-oldest', 'disconnect'),
      maxDelay: fc.constantFrom(0, 2),
    })
    const of = fc.array(fc.constantFrom(...kinds), { minLength: count, maxLength: count })
    await fc.assert(
      fc.asyncProperty(settings, of, steps, async (options, chosen, all) => {
        const room = new Room(options)
        const members: Modelled[] = []
        for (const kind of chosen) {
          const member = new Modelled(await pairOf(kind), kind)
          room.join(member.pair.ws)
          member.joined = true
          members.push(member)
        }
        await run(all, members, room)
        await finish(members)
        for (const { got, expected, pair } of members) {
          expect(got).toEqual(expected)
          const messages = expected.filter((message) => !message.startsWith('close'))
          expect(pair.ws.statistics().messagesSent).toBe(messages.length)
          pair.ws.destroy()
        }
        await settle()
        expect(room.statistics()).toMatchObject({ members: 0, queued: 0, dropped: 0 })
      }),
      { numRuns: 300, endOnFailure: true },
    )
  })
})

const longestBurst = 12

/** Messages in bursts, and who reads when. */
const bursts = fc.array(
  fc.record({
    messages: fc.array(size, { maxLength: longestBurst }),
    reads: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
  }),
  { maxLength: 8 },
)

interface Overload {
  readonly room: Room
  readonly members: readonly Modelled[]
  readonly sent: string[]
  readonly publishing: Promise<number>[]
  /** Members that have read all the time. */
  readonly fast: readonly Modelled[]
}

const maxQueue = 500

async function overload(
  whenSlow: NonNullable<RoomOptions['whenSlow']>,
  all: { messages: number[]; reads: boolean[] }[],
): Promise<Overload> {
  // Nothing here is to depend on how fast the machine is.
  const room = new Room({ whenSlow, maxQueue, maxDelay: 0 })
  const members: Modelled[] = []
  for (const kind of ['plain', 'shared', 'client', 'plain'] as const) {
    const member = new Modelled(await pairOf(kind), kind)
    room.join(member.pair.ws)
    members.push(member)
  }
  const sent: string[] = []
  const publishing: Promise<number>[] = []
  for (const { messages, reads } of all) {
    for (const [at, { pair }] of members.entries()) {
      if (reads[at]! || at === 0) pair.peer.transport.resume()
      else pair.peer.transport.pause()
    }
    for (const length of messages) {
      sent.push(`${sent.length}:`.padEnd(length, 'x'))
      publishing.push(room.publish(sent.at(-1)!))
    }
    await someTurns(6)
    for (const { pair } of members) {
      expect(pair.near.bytesQueued).toBeLessThan(256 + 65_536)
    }
    // As much as may wait, and one burst: each message counts 64, at least.
    const most = Math.ceil(maxQueue / 64) + longestBurst
    expect(room.statistics().queued).toBeLessThanOrEqual(count * most)
  }
  return { room, members, sent, publishing, fast: members.slice(0, 1) }
}

describe('A room in overload', () => {
  test('that waits gives all of it to all, in order', async () => {
    await fc.assert(
      fc.asyncProperty(bursts, async (all) => {
        const { room, members, sent, publishing } = await overload('wait', all)
        for (const { pair } of members) pair.peer.transport.resume()
        expect(await Promise.all(publishing)).toEqual(sent.map(() => count))
        await settle()
        for (const { got, pair } of members) {
          expect(got).toEqual(sent)
          pair.ws.destroy()
        }
        expect(room.statistics()).toMatchObject({ dropped: 0, disconnected: 0 })
      }),
      { numRuns: 100, endOnFailure: true },
    )
  })

  test('that drops the oldest leaves no gap that it does not count, and none for who reads', async () => {
    await fc.assert(
      fc.asyncProperty(bursts, async (all) => {
        const { room, members, sent, fast } = await overload('drop-oldest', all)
        for (const { pair } of members) pair.peer.transport.resume()
        await settle()
        let missing = 0
        for (const { got, pair } of members) {
          expect(got).toEqual(sent.filter((message) => got.includes(message)))
          expect(got.at(-1)).toBe(sent.at(-1))
          missing += sent.length - got.length
          pair.ws.destroy()
        }
        for (const { got } of fast) expect(got).toEqual(sent)
        expect(room.statistics().dropped).toBe(missing)
      }),
      { numRuns: 100, endOnFailure: true },
    )
  })

  test('that disconnects gives each all of it, or the beginning and 1013, and all to who reads', async () => {
    await fc.assert(
      fc.asyncProperty(bursts, async (all) => {
        const { room, members, sent, fast } = await overload('disconnect', all)
        for (const { pair } of members) pair.peer.transport.resume()
        await someTurns(6)
        void room.publish('the last')
        sent.push('the last')
        await someTurns(6)
        let disconnected = 0
        for (const { got, pair } of members) {
          const cut = got.at(-1) === 'close 1013' ? got.length - 1 : sent.length
          if (got.length > cut) disconnected++
          expect(got.slice(0, cut)).toEqual(sent.slice(0, cut))
          expect(got.length).toBeGreaterThanOrEqual(cut)
          pair.ws.destroy()
        }
        for (const { got } of fast) expect(got).toEqual(sent)
        expect(room.statistics().disconnected).toBe(disconnected)
      }),
      { numRuns: 100, endOnFailure: true },
    )
  })
})
