/** Byte ranges (RFC 9110 §14): which parts of a representation a client asks for. */

export interface ByteRange {
  /** Of the first byte. */
  readonly start: number
  /** Of the first byte behind it. */
  readonly end: number
}

// Apache allows 200, nginx any number. Who asks for more than this many separate parts gets it whole,
// as RFC 9110 §14.2 allows for requests that cost more than they are worth.
const mostRanges = 16
const unit = /^bytes[\t ]*=/i
const spec = /^[\t ]*(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))[\t ]*$/

/**
 * The parts of `size` bytes that a `Range` asks for, in its order; those that overlap or touch are made
 * one. Undefined if the field is to be ignored: another unit, malformed, or too many parts. Empty if
 * none of them is there: 416.
 */
export function parseByteRanges(value: string, size: number): readonly ByteRange[] | undefined {
  const start = unit.exec(value)
  if (start === null) return undefined
  const specs = value.slice(start[0].length).split(',', mostRanges * 2 + 1)
  if (specs.length > mostRanges * 2) return undefined
  const ranges: ByteRange[] = []
  for (const one of specs) {
    // RFC 9110 §5.6.1.2: a list may have empty elements.
    if (one.trim() === '') continue
    const found = spec.exec(one)
    if (found === null) return undefined
    const [, first, last, suffix] = found
    if (suffix !== undefined) {
      const length = Math.min(Number(suffix), size)
      if (length > 0) ranges.push({ start: size - length, end: size })
    } else {
      const from = Number(first)
      const to = last === '' ? Infinity : Number(last)
      if (to < from) return undefined
      if (from < size) ranges.push({ start: from, end: Math.min(to + 1, size) })
    }
  }
  if (specs.every((one) => one.trim() === '')) return undefined
  const merged = merge(ranges)
  return merged.length > mostRanges ? undefined : merged
}

// Each range is put into the place of the first that it touches.
function merge(ranges: readonly ByteRange[]): ByteRange[] {
  const merged: ByteRange[] = []
  for (const range of ranges) {
    let { start, end } = range
    let place = -1
    for (let at = 0; at < merged.length;) {
      const other = merged[at] as ByteRange
      if (other.start > end || start > other.end) {
        at++
        continue
      }
      start = Math.min(start, other.start)
      end = Math.max(end, other.end)
      place = place === -1 ? at : Math.min(place, at)
      merged.splice(at, 1)
      // It may touch now what it did not before.
      at = 0
    }
    merged.splice(place === -1 ? merged.length : place, 0, { start, end })
  }
  return merged
}
