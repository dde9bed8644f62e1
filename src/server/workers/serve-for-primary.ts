/** The other end of a supervisor: a server in a worker process that ends when it is told to. */
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import type { ClockTimer } from '../../concurrency/time/clock.ts'
import type { PrimaryLine } from '../../io/worker-process.ts'
import type { Server } from '../server.ts'
import { type FromWorker, isToWorker, type WorkerBrief } from './messages.ts'

// For whoever looks at the statistics of the whole: cheap, and never older than a look at a screen.
const interval = 500

/** Serves, and tells the primary: that it listens or can't, and what it counts. */
export async function serveForPrimary(
  primary: PrimaryLine,
  start: (ports: WorkerBrief['ports']) => Promise<Server>,
): Promise<Server> {
  let server: Server
  try {
    server = await start((primary.brief as WorkerBrief | null)?.ports ?? [])
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    await primary.send({ spool: 'failed', message } satisfies FromWorker)
    throw error
  }
  outsideScopes(() => void answer(primary, server))
  return server
}

async function answer(primary: PrimaryLine, server: Server): Promise<void> {
  let timer: ClockTimer | undefined
  const tell = (): void => {
    void primary.send({ spool: 'statistics', statistics: server.statistics() } satisfies FromWorker)
    timer = clock().setTimer(interval, tell, { background: true })
  }
  // What it throws goes to whoever closes the server here, or to its listener to errors.
  const close = (left: number | null): void => {
    const deadline = left === null ? Infinity : clock().now() + left
    server.close({ deadline }).catch(() => undefined)
  }
  primary.onMessage((message) => {
    if (isToWorker(message)) close(message.left)
  })
  // Nobody is left to answer for this process: what runs may finish, and that is all.
  primary.onLost(() => void server.close().catch(() => undefined))
  const { port, url, urls } = server
  await primary.send({ spool: 'listening', port, url, urls } satisfies FromWorker)
  tell()
  await server.closed
  timer?.cancel()
  primary.close()
}
