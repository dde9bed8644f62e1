// What a connection costs that is kept and not used: the memory of a process with many connections, less
// that of another one with few, both after equally many requests for each connection.
import { Child } from './harness/child-process.ts'
import { type Contender, startContender, versionOf } from './harness/contenders.ts'
import { clientContenders } from './client-bench.ts'
import { serverContenders } from './server-bench.ts'
import { table } from './harness/table.ts'
import type { Memory } from './harness/child.ts'
import type { BenchOptions } from './harness/options.ts'

const few = 64
// On each connection. More would take longer than some of them keep one.
const each = 2

export interface IdleResult {
  role: 'server' | 'client'
  name: string
  version: string
  connections: number
  /** Bytes for each connection: objects and buffers, and resident memory. */
  heap: number
  resident: number
}

export async function benchIdle(
  { only, quick }: BenchOptions,
  say: (line: string) => void,
): Promise<IdleResult[]> {
  const results: IdleResult[] = []
  for (const [role, contenders] of [
    ['server', serverContenders],
    ['client', clientContenders],
  ] as const) {
    const memoryWith = role === 'server' ? serverMemory : clientMemory
    for (const contender of contenders) {
      const { name } = contender
      // The heap of Python can't be asked for; a feature costs nothing while a connection is idle.
      if (contender.python !== undefined || contender.feature === true) continue
      if (only.length > 0 && !only.includes(name)) continue
      for (const connections of quick ? [1000] : [1000, 10_000]) {
        // Equally many requests, since code that has run more often is larger.
        const base = await memoryWith(contender, few, Math.ceil((connections * each) / few))
        const memory = await memoryWith(contender, connections, each)
        const more = connections - few
        results.push({
          role,
          name,
          version: versionOf(contender),
          connections,
          heap: (memory.heap - base.heap) / more,
          resident: (memory.resident - base.resident) / more,
        })
        say(`measured ${role} ${name} with ${connections} connections`)
      }
    }
  }
  return results
}

async function serverMemory(
  contender: Contender,
  connections: number,
  each: number,
): Promise<Memory> {
  const generator = new Child('load generator', new URL('load-generator.ts', import.meta.url))
  const child = startContender(contender, ['--expose-gc'])
  try {
    const port = await child.ask<number>('start', 'hello')
    const constant = contender.constant ?? false
    // Opening makes requests on each connection.
    await generator.ask('open', { row: 'hello', port, connections, each, constant })
    return await child.ask<Memory>('memory')
  } finally {
    await Promise.all([generator.close(), child.close()])
  }
}

async function clientMemory(
  contender: Contender,
  connections: number,
  each: number,
): Promise<Memory> {
  const server = new Child('target server', new URL('target-server.ts', import.meta.url))
  const child = startContender(contender, ['--expose-gc'])
  try {
    const port = await server.ask<number>('start')
    await child.ask('start', { port, connections })
    await child.ask('run', connections * each)
    return await child.ask<Memory>('memory')
  } finally {
    await Promise.all([server.close(), child.close()])
  }
}

export function idleTable(results: readonly IdleResult[]): string {
  return table(
    ['contender', 'connections', 'heap KB each', 'RSS KB each'],
    results.map(({ role, name, version, connections, heap, resident }) => [
      `${role} ${name} ${version}`.trimEnd(),
      String(connections),
      (heap / 1000).toFixed(1),
      (resident / 1000).toFixed(1),
    ]),
  )
}
