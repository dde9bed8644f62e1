import { AsyncEvent } from 'spool'
import { Application, HTTPError, metrics, type MetricsOptions, text } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'

function scene(options?: MetricsOptions) {
  const numbers = metrics(options)
  const go = new AsyncEvent()
  const app = new Application()
    .use(numbers.middleware)
    .get('/users/{id}', ({ params }) => text(params.id))
    .get('/hold', async () => {
      await go.wait()
      return text('x')
    })
    .get('/{quoted:["]a}', () => {
      throw new HTTPError(409)
    })
  const ask = (path: string, method = 'GET'): Promise<Response> =>
    app.fetch(new Request(`http://a${path}`, { method }))
  const report = (): Promise<string> => new Response(numbers.handler().body as string).text()
  return { numbers, go, app, ask, report }
}

describe('metrics()', () => {
  test('counts requests by method, route and status, and their time', async () => {
    using clock = MockClock.install()
    const { ask, report, go } = scene({ buckets: [0.1, 1] })
    await ask('/users/1')
    await ask('/users/2?x')
    await ask('/users/2', 'BREW')
    await ask('/nowhere')
    const held = ask('/hold')
    expect(await report()).toContain('http_server_requests_active 1\n')
    await clock.advance(500)
    go.set()
    await held
    const lines = (await report()).split('\n')
    for (const line of [
      '# TYPE http_server_requests_total counter',
      'http_server_requests_total{method="GET",route="/users/{id}",status="200"} 2',
      'http_server_requests_total{method="other",route="none",status="405"} 1',
      'http_server_requests_total{method="GET",route="none",status="404"} 1',
      'http_server_request_duration_seconds_bucket{method="GET",route="/hold",status="200",le="0.1"} 0',
      'http_server_request_duration_seconds_bucket{method="GET",route="/hold",status="200",le="1"} 1',
      'http_server_request_duration_seconds_bucket{method="GET",route="/hold",status="200",le="+Inf"} 1',
      'http_server_request_duration_seconds_sum{method="GET",route="/hold",status="200"} 0.5',
      'http_server_request_duration_seconds_count{method="GET",route="/hold",status="200"} 1',
      'http_server_requests_active 0',
      'http_server_requests_aborted_total 0',
    ]) {
      expect(lines).toContain(line)
    }
    expect(lines.at(-1)).toBe('')
  })

  test('escapes what stands in a pattern', async () => {
    const { app, ask, report } = scene()
    await ask('/%22a')
    expect(app).toBeDefined()
    expect(await report()).not.toMatch(/route="[^"]*[^\\]"[^,]/)
  })

  test('keeps to its limit of series', async () => {
    const { app, numbers, report } = scene({ maxSeries: 1 })
    const ask = (path: string): Promise<Response> => app.fetch(new Request(`http://a${path}`))
    await ask('/users/1')
    await ask('/nowhere')
    await ask('/nowhere')
    expect(numbers).toBeDefined()
    expect((await report()).match(/_requests_total\{.*/g)).toEqual([
      '_requests_total{method="GET",route="/users/{id}",status="200"} 1',
      '_requests_total{method="other",route="other",status="0"} 2',
    ])
  })

  test('counts clients that left, bytes, and connections of servers', async () => {
    const { app, report, numbers } = scene({ prefix: 'my_' })
    numbers.watch({ statistics: () => ({ connections: 5, idle: 2 }) })
    numbers.watch({ statistics: () => ({ connections: 1, idle: 1 }) })
    const leave = new AbortController()
    const gone = app.fetch(new Request('http://a/hold', { signal: leave.signal }))
    await settle()
    leave.abort()
    await expect(gone).rejects.toMatchObject({ code: 'SPOOL_CANCELLED' })
    await app.fetch(new Request('http://a/users/abc'))
    const all = await report()
    expect(all).toContain('my_requests_total{method="GET",route="/hold",status="499"} 1\n')
    expect(all).toMatch(/my_requests_aborted_total 1\n/)
    expect(all).toMatch(/my_response_bytes_total 3\n/)
    expect(all).toMatch(/my_connections 6\n[\s\S]*my_connections_idle 3\n/)
  })

  test.each<MetricsOptions>([{ buckets: [1, 1] }, { buckets: [0] }, { prefix: '1-' }])(
    'refuses %j',
    (options) => {
      expect(() => metrics(options)).toThrow(/^Invalid/)
    },
  )
})
