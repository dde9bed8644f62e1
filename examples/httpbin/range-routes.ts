import { type Application, HTTPError, ServerResponse, stream } from 'spool/server'
import { pattern } from './generated-bodies.ts'

const mostBytes = 2 ** 30

/** `/range/{n}` has n bytes and an entity tag, and gives one range of them (RFC 9110 §14). */
export function addRangeRoutes(app: Application): Application {
  return app.get('/range/{n}', ({ params, headers }) => {
    const size = /^\d{1,10}$/.test(params.n) ? Number(params.n) : Number.NaN
    if (!(size <= mostBytes)) throw new HTTPError(400, `Expected up to ${mostBytes} bytes`)
    const tag = `"range-${size}"`
    const common = { etag: tag, 'accept-ranges': 'bytes' }
    const condition = headers.get('if-range')
    const range =
      condition === null || condition === tag ? rangeOf(headers.get('range'), size) : undefined
    if (range === undefined) {
      return stream(pattern(size), { headers: { ...common, 'content-length': String(size) } })
    }
    const [start, end] = range
    if (start >= end) {
      const fields = { ...common, 'content-range': `bytes */${size}` }
      return new ServerResponse(null, { status: 416, headers: fields })
    }
    return stream(pattern(end - start, start), {
      status: 206,
      headers: {
        ...common,
        'content-length': String(end - start),
        'content-range': `bytes ${start}-${end - 1}/${size}`,
      },
    })
  })
}

/** The first byte and the one after the last; undefined for all of it. */
function rangeOf(field: string | null, size: number): [start: number, end: number] | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,10})-(\d{0,10})$/.exec(field ?? '') ?? []
  if (first === '') return last === '' ? undefined : [Math.max(0, size - Number(last)), size]
  return [Number(first), last === '' ? size : Math.min(size, Number(last) + 1)]
}
