// Where a CPU profile says the time goes: functions by the time spent in themselves.
// By itself: node bench/profile-table.ts <file.cpuprofile> [requests]
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import process from 'node:process'
import type { Profiler } from 'node:inspector'
import { table } from './harness/table.ts'

const shown = 40

/** With `requests`, the microseconds of each function for one request too. */
export function profileTable(file: string, requests?: number): string {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profiler.Profile
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const self = new Map<string, number>()
  const { samples = [], timeDeltas = [] } = profile
  let total = 0
  samples.forEach((id, at) => {
    const name = names.get(id) ?? '?'
    // A sample stands for the time until the next one.
    const time = timeDeltas[at + 1] ?? 0
    if (name === '(idle)') return
    total += time
    self.set(name, (self.get(name) ?? 0) + time)
  })
  const rows = [...self].toSorted((a, b) => b[1] - a[1]).slice(0, shown)
  return table(
    ['function', 'self %', ...(requests === undefined ? [] : ['µs/request'])],
    rows.map(([name, time]) => [
      name,
      ((time / total) * 100).toFixed(1),
      ...(requests === undefined ? [] : [(time / requests).toFixed(2)]),
    ]),
  )
}

function nameOf({
  functionName,
  url,
  lineNumber,
}: Profiler.Profile['nodes'][0]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const place = url.startsWith('node:') ? url : basename(url)
  return `${name} ${place}:${lineNumber + 1}`
}

if (import.meta.main) {
  const [file, requests] = process.argv.slice(2)
  if (file === undefined) {
    console.error('Give a .cpuprofile file')
    process.exitCode = 2
  } else {
    console.log(profileTable(file, requests === undefined ? undefined : Number(requests)))
  }
}
