import { sleep } from 'spool'
import { type Application, empty, lastEventId, sse } from 'spool/server'

const mostEvents = 10_000
const longestPause = 60_000

/**
 * `/sse?n=10&ms=100` sends so many events with so many milliseconds between them; `each`, after so many
 * the connection ends. It goes on after `Last-Event-ID`, and answers 204 when there is nothing left.
 */
export function addEventRoutes(app: Application): Application {
  return app.get('/sse', (request) => {
    const number = (name: string, fallback: number, most: number): number =>
      Math.min(most, Number(request.query.get(name) ?? fallback) || 0)
    const count = number('n', 10, mostEvents)
    const pause = number('ms', 100, longestPause)
    const each = number('each', count, mostEvents)
    const first = Number(lastEventId(request) ?? 0) + 1
    if (first > count) return empty()
    return sse(
      async function* () {
        for (let id = first; id <= count && id < first + each; id++) {
          if (id > first) await sleep(pause)
          yield { id: String(id), event: 'tick', data: { id } }
        }
      },
      { retry: pause },
    )
  })
}
