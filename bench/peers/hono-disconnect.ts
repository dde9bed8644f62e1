import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { poll, type Polling } from '../disconnect/polling.ts'
import { obey } from '../harness/child.ts'

const counts: Polling = { running: 0, polls: 0 }

obey({
  start: ({ upstream, signal }: { upstream: number; signal: boolean }) => {
    const app = new Hono()
    app.onError((_error, c) => c.text('stopped', 500))
    app.get('/', async (c) => {
      await poll(counts, upstream, signal ? c.req.raw.signal : undefined)
      return c.text('done')
    })
    return new Promise<number>((resolve) => {
      serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port))
    })
  },
  counts: () => counts,
})
