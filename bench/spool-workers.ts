// Spool in one process, or in as many as it is told, each of which runs this program again.
import cluster from 'node:cluster'
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { cpuTime, obey, type Usage } from './harness/child.ts'
import { load } from './spool-module.ts'

const variable = 'SPOOL_BENCH_WORKERS'
const { Application, json, serve, text } = await load('server')

let requests = 0
const app = new Application()
  .get('/', () => text('Hello, world!'))
  .get('/greet/{name}', ({ params }) => {
    requests++
    return text(`Hello, ${params.name}!`)
  })
  .get('/requests', () => json([process.pid, requests]))

const start = async (workers: number): Promise<Awaited<ReturnType<typeof serve>>> =>
  serve(app, { host: '127.0.0.1', port: 0, ...(workers === 0 ? {} : { workers }) })

if (cluster.isWorker) await start(Number(process.env[variable]))
else {
  let server: Awaited<ReturnType<typeof serve>>
  obey({
    start: async (workers: number) => {
      process.env[variable] = String(workers)
      server = await start(workers)
      return server.port
    },
    usage: (): Usage => {
      const all = server.workers.map(usageOf)
      return {
        cpu: all.reduce((sum, { cpu }) => sum + cpu, cpuTime()),
        resident: all.reduce((sum, { resident }) => sum + resident, process.memoryUsage.rss()),
      }
    },
    /** By the number of each process, how many requests it had. */
    shares: async () => {
      const shares = new Map<number, number>()
      const processes = Math.max(1, server.workers.length)
      while (shares.size < processes) {
        // A new connection each time: the next process has it.
        const headers = { connection: 'close' }
        const response = await fetch(`${server.url}/requests`, { headers })
        const [pid, count] = (await response.json()) as [number, number]
        shares.set(pid, count)
      }
      return Object.fromEntries(shares)
    },
  })
}

/** From the books of the system. */
function usageOf(pid: number): Usage {
  const folder = `/proc/${pid}`
  let cpu = 0
  for (const thread of readdirSync(`${folder}/task`)) {
    // Nanoseconds on a CPU.
    cpu += Number(readFileSync(`${folder}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  }
  const pages = Number(readFileSync(`${folder}/statm`, 'utf8').split(' ')[1])
  return { cpu: cpu / 1000, resident: pages * 4096 }
}
