import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface BytePeer {
  /** Sends as many bytes, lines of 80, as the first thing that it is told says. */
  readonly source: number
  /** Takes what comes. */
  readonly sink: number
  stop(): void
}

export async function startBytePeer(): Promise<BytePeer> {
  const file = fileURLToPath(new URL('./byte-peer.ts', import.meta.url))
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] })
  for await (const line of createInterface(child.stdout)) {
    const ports = JSON.parse(line) as { source: number; sink: number }
    return { ...ports, stop: () => child.stdin.end() }
  }
  throw new Error('The peer of the bench did not start')
}
