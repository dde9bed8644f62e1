// 10,000 clients who ask and vanish. Run with --expose-gc. Prints as JSON how many handlers were stopped,
// and how many descriptors there were and how large the heap was, after each tenth.
import { existsSync, readdirSync } from 'node:fs'
import { checkVanishingClients } from '../../support/vanishing-clients.ts'

const clients = Number(process.argv[2] ?? 10_000)
const collect = (globalThis as { gc?: () => void }).gc
const descriptors: number[] = []
const heap: number[] = []
const stopped = await checkVanishingClients({
  clients,
  atOnce: 100,
  progress: (gone) => {
    if (gone % (clients / 10) !== 0) return
    collect?.()
    descriptors.push(existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0)
    heap.push(process.memoryUsage().heapUsed)
  },
})
console.log(JSON.stringify({ stopped, descriptors, heap }))
