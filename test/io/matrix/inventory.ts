// What this process has, as the system tells: for a program of its own, whose every descriptor is known.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Descriptors, children, timers and files, one line each. */
export function inventory(folder: string): string[] {
  const kinds = process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate')
  return [
    ...descriptors(),
    ...children(),
    ...kinds.map((kind) => `resource ${kind}`),
    ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `file ${name}`),
  ].sort()
}

function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      // Sockets by their kind: the numbers behind it are never the same.
      return target.includes('/proc/') ? [] : [`descriptor ${target.replace(/:\[\d+\]$/, '')}`]
    } catch {
      // It was closed meanwhile: that of this list.
      return []
    }
  })
}

/** Zombies too. */
function children(): string[] {
  const of = readdirSync('/proc/self/task').flatMap((thread) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean)
    } catch {
      return []
    }
  })
  return of.map(() => 'child')
}

/** What `after` has more than `before`. */
export function surplus(before: readonly string[], after: readonly string[]): string[] {
  const rest = [...before]
  return after.filter((line) => {
    const at = rest.indexOf(line)
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}
