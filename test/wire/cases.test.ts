// Runs the wire cases: whole, byte by byte, split at every position, and with bytes behind them.
import { describe, expect, test } from 'vitest'
import { readCases, type WireCase } from './case-file.ts'
import { piecesOf, record } from './recording.ts'

const nextRequest = Buffer.from('GET /next HTTP/1.1\r\nHost: next\r\n\r\n')
const nextEvents = 'head GET /next 1.1 none keep host=next\n  Host: "next"\nend\n'

const cases = readCases()

describe.each([...new Set(cases.map((one) => one.file))])('wire cases in %s', (file) => {
  test.each(cases.filter((one) => one.file === file).map((one) => [one.name, one] as const))(
    '%s',
    (_, one) => {
      expect(record(one, [one.bytes])).toBe(one.events)
      expect(record(one, piecesOf(one.bytes, 1))).toBe(one.events)
      expect(splitsThatDiffer(one)).toEqual([])
      checkWithMore(one)
    },
  )
})

// The cost grows with the square of the length, and a long case is long by one filler: inside it, every 61st
// position stands for those beside it.
const edge = 1024
const stride = 61

/** Where to cut the bytes in two so that they are read otherwise. */
function splitsThatDiffer({ bytes, events, ...how }: WireCase): number[] {
  const { length } = bytes
  const positions = Array.from(bytes.keys()).filter(
    (at) => at < edge || at >= length - edge || at % stride === 0,
  )
  return positions.filter((at) => record(how, [bytes.slice(0, at), bytes.slice(at)]) !== events)
}

/** What stands behind a message must not change how it is read. */
function checkWithMore(one: WireCase): void {
  const wanted = eventsWithMore(one)
  if (wanted === undefined) return
  const more = Buffer.concat([one.bytes, nextRequest])
  expect(record(one, [more])).toBe(wanted)
  expect(record(one, piecesOf(more, 1))).toBe(wanted)
}

function eventsWithMore({ role, limits, events }: WireCase): string | undefined {
  // What follows belongs to the body, completes the message, or is beyond a limit itself.
  if (/^error .* ended (?:inside|before)|^head .* until-close/m.test(events)) return undefined
  if (Object.keys(limits).length > 0) return undefined
  if (/^error /m.test(events)) return events
  const rest = /^rest (\d+)\n$/m.exec(events)
  const leaves = /^head (?:CONNECT|.* upgrade=)/m.test(events)
  if (role === 'response' || leaves) {
    const length = Number(rest?.[1] ?? 0) + nextRequest.length
    return `${events.slice(0, rest?.index)}rest ${length}\n`
  }
  return / close(?: |$)/m.test(events) ? events : events + nextEvents
}
