import { formatDuration } from '../../duration.ts'
import { formatBytes, formatCount } from '../../quantity.ts'
import type { Tally } from './tally.ts'

export interface SummaryOptions {
  /** How long the run took, in milliseconds. */
  elapsed: number
  /** Whether it was stopped before the end of the list. */
  interrupted: boolean
  /** What an earlier run had done of the same list. */
  earlier?: Tally | undefined
  out?: string | undefined
  report?: string | undefined
}

/** The lines at the end of a run. */
export function summaryOf(tally: Tally, options: SummaryOptions): string[] {
  const { elapsed, interrupted, earlier, out, report } = options
  const { done, fetched, failed, retries, statuses, errors, latencies, bytes } = tally
  const lines = [
    `${interrupted ? 'interrupted after' : 'done:'} ${formatCount(done)} ${done === 1 ? 'URL' : 'URLs'} in ` +
      `${formatDuration(elapsed)}, ${formatCount(fetched)} fetched, ${formatCount(failed)} failed` +
      (retries > 0 ? `, ${formatCount(retries)} retried attempts` : ''),
  ]
  const row = (name: string, cells: readonly string[]): void => {
    if (cells.length > 0) lines.push(`  ${name.padEnd(12)}${cells.join('   ')}`)
  }
  row(
    'status',
    statuses.map(([status, count]) => `${status}: ${formatCount(count)}`),
  )
  row(
    'errors',
    errors.map(([code, count]) => `${code}: ${formatCount(count)}`),
  )
  if (done > 0) {
    const seconds = Math.max(elapsed, 1) / 1000
    row('throughput', [
      `${formatCount(done / seconds)} URLs/s`,
      `${formatBytes(bytes / seconds)}/s`,
      `${formatBytes(bytes)} in all`,
    ])
  }
  if (latencies.count > 0) {
    row('latency', [
      ...[50, 95, 99].map((p) => `p${p} ${formatDuration(latencies.percentile(p))}`),
      `max ${formatDuration(latencies.max)}`,
    ])
  }
  if (earlier !== undefined && earlier.done > 0) {
    row('before', [`${formatCount(earlier.done)} URLs, ${formatCount(earlier.failed)} failed`])
  }
  if (out !== undefined) row('bodies', [out])
  if (report !== undefined) row('report', [report])
  return lines
}
