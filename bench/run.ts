// npm run bench -- <server | client | idle | workers | middleware | disconnect | websocket | concurrency | io>: see README.md.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import process from 'node:process'
import { benchClients, clientContenders } from './client-bench.ts'
import { chosen } from './harness/contenders.ts'
import { benchIdle, idleTable } from './idle-bench.ts'
import { compare, resultTable } from './harness/measurement.ts'
import { parseOptions, usage } from './harness/options.ts'
import { profileFile, writeResults } from './harness/result-file.ts'
import { profileTable } from './profile-table.ts'
import { benchServers, serverContenders } from './server-bench.ts'
import type { Contender } from './harness/contenders.ts'
import { benchWorkers, workersTable } from './workers-bench.ts'
import type { BenchOptions } from './harness/options.ts'

const project = new URL('../', import.meta.url)

const say = (line: string): void => void process.stderr.write(`${line}\n`)

function npm(...args: string[]): void {
  const { status } = spawnSync('npm', args, { cwd: project, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed`)
}

/** The peers are installed here alone and on first use; Spool is measured as it is published. */
function prepare(bench: string): void {
  // What that is measured against is what Spool is built on.
  if (
    bench !== 'websocket' &&
    bench !== 'io' &&
    !existsSync(new URL('node_modules/fastify', import.meta.url))
  ) {
    say('Installing what Spool is measured against')
    npm('ci', '--prefix', 'bench', '--no-audit', '--no-fund')
  }
  npm('run', '-s', 'build')
}

async function benchProcesses(
  name: 'server' | 'client',
  all: readonly Contender[],
  bench: typeof benchServers,
  options: BenchOptions,
): Promise<void> {
  const results = compare(await bench(chosen(all, options.only), options, say))
  console.log(resultTable(results))
  console.log(`\nWritten to ${writeResults(name, options, results)}`)
  if (options.profile === undefined) return
  const file = profileFile(name, options.profile)
  console.log(
    `\n${profileTable(file, options.rounds * options.requests)}\n\nProfile in ${relative(process.cwd(), file)}`,
  )
}

async function main(args: readonly string[]): Promise<void> {
  const command = parseOptions(args)
  if (!command) {
    console.log(usage)
    return
  }
  const { bench, options } = command
  prepare(bench)
  if (bench === 'server') await benchProcesses(bench, serverContenders, benchServers, options)
  else if (bench === 'client') await benchProcesses(bench, clientContenders, benchClients, options)
  else if (bench === 'idle') {
    const results = await benchIdle(options, say)
    console.log(idleTable(results))
    console.log(`\nWritten to ${writeResults(bench, options, results)}`)
  } else if (bench === 'concurrency') {
    if (options.memory) {
      const { measureMemory } = await import('./concurrency/memory.ts')
      await measureMemory(say)
    } else {
      const { benchConcurrency } = await import('./concurrency/bench.ts')
      await benchConcurrency(options, say)
    }
  } else if (bench === 'websocket') {
    const { benchWebSockets, webSocketTable } = await import('./websocket/bench.ts')
    const results = await benchWebSockets(options, say)
    console.log(webSocketTable(results))
    console.log(`\nWritten to ${writeResults(bench, options, results)}`)
  } else if (bench === 'disconnect') {
    const { benchDisconnect } = await import('./disconnect/bench.ts')
    await benchDisconnect(say)
  } else if (bench === 'middleware') {
    const { benchMiddleware } = await import('./middleware/bench.ts')
    await benchMiddleware(options, say)
  } else if (bench === 'workers') {
    const results = await benchWorkers(options, say)
    console.log(workersTable(results))
    console.log(`\nWritten to ${writeResults(bench, options, results)}`)
  } else if (bench === 'io') {
    const { benchIO } = await import('./io/bench.ts')
    await benchIO(options, say)
  } else
    throw new Error(
      `Give server, client, idle, workers, middleware, disconnect, websocket, concurrency or io instead of "${bench}"`,
    )
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  process.exitCode = 1
}
