// The measured side: a contender is a process of its own that obeys commands from the bench.
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import type { Profiler } from 'node:inspector'

/** What this process has used since it started. */
export interface Usage {
  /** User and system CPU time in microseconds. */
  cpu: number
  /** Resident memory in bytes. */
  resident: number
}

/** What is in use after a collection of garbage. In bytes. */
export interface Memory {
  resident: number
  /** Objects, and the buffers that they hold. */
  heap: number
}

export interface Request {
  id: number
  command: string
  value: unknown
}

export interface Reply {
  id: number
  value?: unknown
  error?: string
}

// `never` takes any function of one parameter: the two ends agree on the value by the command's name.
export type Commands = Readonly<Record<string, (value: never) => unknown>>

export function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Answers the commands given and those that every contender has: `usage`, `memory`, `startProfile`, `stopProfile`. */
export function obey(commands: Commands): void {
  let session: Session | undefined
  const all: Commands = {
    usage: (): Usage => ({ cpu: cpuTime(), resident: process.memoryUsage.rss() }),
    memory: async (): Promise<Memory> => {
      // Twice: what is finalised by the first one is freed by the second.
      for (let at = 0; at < 2; at++) {
        globalThis.gc?.()
        await setImmediate()
      }
      const { rss, heapUsed, external } = process.memoryUsage()
      return { resident: rss, heap: heapUsed + external }
    },
    startProfile: async () => {
      session = new Session()
      session.connect()
      await post(session, 'Profiler.enable')
      await post(session, 'Profiler.setSamplingInterval', { interval: 200 })
      await post(session, 'Profiler.start')
    },
    stopProfile: async (file: string) => {
      if (!session) throw new Error('Start a profile before stopping one')
      const { profile } = (await post(session, 'Profiler.stop')) as Profiler.StopReturnType
      session.disconnect()
      writeFileSync(file, JSON.stringify(profile))
    },
    ...commands,
  }
  process.on('message', (message: Request) => void answer(all, message))
  // The bench is gone: so is the reason to run.
  process.on('disconnect', () => process.exit())
}

async function answer(commands: Commands, { id, command, value }: Request): Promise<void> {
  const reply: Reply = { id }
  try {
    const handler = commands[command] as ((value: unknown) => unknown) | undefined
    if (!handler) throw new Error(`Give a command that exists instead of "${command}"`)
    reply.value = await handler(value)
  } catch (error) {
    reply.error = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  process.send?.(reply)
}

function post(session: Session, method: string, params?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(method, params, (error: Error | null, result?: object) => {
      if (error) reject(error)
      else resolve(result)
    })
  })
}
