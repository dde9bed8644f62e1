import { readdirSync } from 'node:fs'

/** How many threads of the system this process has. */
export function threadsOfProcess(): number {
  return readdirSync('/proc/self/task').length
}
