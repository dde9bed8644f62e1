/** What a run shows while it goes on: a live bar on a terminal, and a line now and then elsewhere. */
import { formatDuration } from '../../duration.ts'
import { formatBytes, formatCount } from '../../quantity.ts'
import type { Output } from '../../standard-streams.ts'
import { RateMeter } from './rate-meter.ts'

export const progressModes = ['auto', 'bar', 'plain', 'none'] as const
export type ProgressMode = (typeof progressModes)[number]

/** A snapshot of a run. */
export interface RunState {
  readonly done: number
  readonly failed: number
  readonly inFlight: number
  /** Known and not begun, or waiting for a retry. */
  readonly queued: number
  readonly bytes: number
  /** How many URLs the list has; undefined as long as nobody can tell. */
  readonly total: number | undefined
  /** Whether `total` is only reckoned from the part of the list that was read. */
  readonly estimated: boolean
}

const barWidth = 20
// A bar is drawn as often as the eye follows; a log file is to stay readable.
const barInterval = 100
const plainInterval = 2000

export class Progress {
  readonly #output: Output
  readonly #mode: Exclude<ProgressMode, 'auto'>
  readonly #urls: RateMeter
  readonly #bytes: RateMeter
  #drawn = false

  constructor(output: Output, mode: ProgressMode, now: number) {
    this.#output = output
    this.#mode = mode === 'auto' ? (output.isTTY ? 'bar' : 'plain') : mode
    this.#urls = new RateMeter(now)
    this.#bytes = new RateMeter(now)
  }

  /** How long to wait between two updates; undefined if there is nothing to show. */
  get interval(): number | undefined {
    if (this.#mode === 'none') return undefined
    return this.#mode === 'bar' ? barInterval : plainInterval
  }

  update(now: number, state: RunState): void {
    if (this.#mode === 'none') return
    this.#urls.update(now, state.done)
    this.#bytes.update(now, state.bytes)
    const rates = { urls: this.#urls.rate, bytes: this.#bytes.rate }
    if (this.#mode === 'plain') this.#output.print(`${plainLine(state, rates)}\n`)
    else {
      this.#output.print(`\r${barLine(state, rates, this.#output)}\u001B[K`)
      this.#drawn = true
    }
  }

  /** Prints a line of its own, above the bar; nothing in mode `none`. */
  note(line: string): void {
    if (this.#mode === 'none') return
    this.clear()
    this.#output.print(`${line}\n`)
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#drawn) this.#output.print('\r\u001B[K')
    this.#drawn = false
  }
}

interface Rates {
  urls: number
  bytes: number
}

/** `3,210 of 20,000 done (16 %), 256 in flight, 9,744 queued, 3 failed, 3,204/s, 1.2 MB/s, ETA 5.2 s` */
export function plainLine(state: RunState, rates: Rates): string {
  return [...counts(state), ...speeds(state, rates)].join(', ')
}

/** The same after a bar, as much of it as fits into a line of `output`. */
export function barLine(
  state: RunState,
  rates: Rates,
  output: Pick<Output, 'columns' | 'style'>,
): string {
  const texts = [...counts(state), ...speeds(state, rates)]
  // A terminal that is written to its last column begins a new line.
  let room = output.columns - 1 - (barWidth + 3)
  const fitting: string[] = []
  for (const text of texts) {
    room -= text.length + 2
    if (room < -2) break
    fitting.push(text.endsWith(' failed') && state.failed > 0 ? output.style('red', text) : text)
  }
  return `${bar(state)} ${fitting.join('  ')}`
}

function bar({ done, total }: RunState): string {
  const share = total === undefined || total === 0 ? 0 : Math.min(done / total, 1)
  const filled = Math.floor(share * barWidth)
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`
}

function counts(state: RunState): string[] {
  const { done, total, estimated, inFlight, queued, failed } = state
  const of = total === undefined ? '' : ` of ${estimated ? '~' : ''}${formatCount(total)}`
  const share = total === undefined || total === 0 ? '' : ` (${Math.floor((done / total) * 100)} %)`
  return [
    `${formatCount(done)}${of} done${share}`,
    `${formatCount(inFlight)} in flight`,
    `${formatCount(queued)} queued`,
    `${formatCount(failed)} failed`,
  ]
}

function speeds({ done, total }: RunState, { urls, bytes }: Rates): string[] {
  const speed = [`${formatCount(urls)}/s`, `${formatBytes(bytes)}/s`]
  if (total !== undefined && urls > 0 && total > done) {
    speed.push(`ETA ${formatDuration(((total - done) / urls) * 1000)}`)
  }
  return speed
}
