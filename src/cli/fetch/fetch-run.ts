/**
 * `spool fetch`: a list goes in at one end, and every URL of it comes out as a line of the report.
 *
 * The list is read into a backlog, a pool takes from it as much as it may fetch at once, and what is
 * to be tried again goes back to the backlog. Between the last byte of a body and its line in the
 * report nothing can be cancelled, so an interruption loses no finished URL and leaves no half one.
 */
import { ClientSession, type ClientSessionOptions } from '../../client/index.ts'
import { abortable, now, sleep, taskGroup } from '../../index.ts'
import type { StandardStreams } from '../standard-streams.ts'
import { secretNames } from '../option-values.ts'
import { attempt, type AttemptOptions, type Outcome } from './attempt.ts'
import { type Job, newJob } from './schedule/job.ts'
import type { FetchOptions } from './options.ts'
import { Progress } from './output/progress.ts'
import type { Report, ReportEntry } from './output/report.ts'
import { summaryOf } from './output/summary.ts'
import { Tally } from './output/tally.ts'
import type { EarlierRun } from './input/earlier-run.ts'
import { Origins } from './input/origins.ts'
import type { URLList } from './input/url-list.ts'
import type { URLLine } from './input/url-lines.ts'
import { WorkList } from './schedule/work-list.ts'

// How far the list is looked ahead of, past hosts that are full; two or three megabytes.
const lookAhead = 10_000

/** What a run reads, and what it writes. */
export interface FetchRunFiles {
  readonly list: URLList
  /** What need not be done again. */
  readonly earlier: EarlierRun | undefined
  readonly report: Report | undefined
}

export class FetchRun {
  readonly #options: FetchOptions
  readonly #attempts: AttemptOptions
  readonly #list: URLList
  readonly #earlier: EarlierRun | undefined
  readonly #report: Report | undefined
  readonly #session: ClientSession
  readonly #origins: Origins = new Origins()
  readonly #work: WorkList
  readonly #tally: Tally
  readonly #progress: Progress
  readonly #began: number = now()

  constructor(
    options: FetchOptions,
    { list, earlier, report }: FetchRunFiles,
    streams: StandardStreams,
    sessionOptions: ClientSessionOptions = {},
  ) {
    const { concurrency, perHost, timeout, headers, proxy } = options
    this.#options = options
    // It is each request's own: a redirect goes to another host under that one's name.
    this.#attempts = { ...options, host: headers.findLast(([name]) => isHost(name))?.[1] }
    this.#list = list
    this.#earlier = earlier
    this.#report = report
    this.#work = new WorkList({ limit: concurrency, perHost, capacity: lookAhead })
    this.#tally = new Tally({ failOnStatus: options.fail })
    this.#progress = new Progress(streams.stderr, options.progress, this.#began)
    // The backlog keeps both limits by itself, but knows nothing of redirects to other hosts.
    this.#session = new ClientSession({
      limit: concurrency,
      limitPerHost: perHost,
      headers: headers.filter(([name]) => !isHost(name)),
      secretHeaders: secretNames(headers),
      // One limit and no other: who gives a server five minutes means it.
      timeout: { total: timeout, connect: timeout, headers: timeout, idle: timeout },
      ...(proxy === undefined ? {} : { proxy }),
      ...sessionOptions,
    })
  }

  /** What the run has to show so far. */
  get tally(): Tally {
    return this.#tally
  }

  /**
   * Fetches everything.
   *
   * Cancellation: what is under way is given up, without a line and without a file; what is finished
   * has both.
   */
  async run(): Promise<void> {
    try {
      await taskGroup(
        async (group) => {
          const aside = [
            group.spawn(() => this.#showProgress(), { name: 'progress' }),
            group.spawn(() => this.#work.watchRetries(), { name: 'retries' }),
          ]
          group.spawn(() => this.#readList(), { name: 'list' })
          const workers = Array.from({ length: this.#options.concurrency }, (_, index) =>
            group.spawn(() => this.#fetchSome(), { name: `worker ${index + 1}` }),
          )
          for (const worker of workers) await worker
          for (const task of aside) task.cancel()
        },
        { name: 'fetch' },
      )
    } finally {
      this.#progress.clear()
      await this.#session.close()
    }
  }

  /** The lines at the end. */
  summary(interrupted: boolean): string[] {
    const { out, report } = this.#options
    const earlier = this.#earlier?.tally
    const elapsed = now() - this.#began
    return summaryOf(this.#tally, { elapsed, interrupted, earlier, out, report })
  }

  async #fetchSome(): Promise<void> {
    for await (const job of this.#work) await this.#fetch(job)
  }

  async #readList(): Promise<void> {
    const batches = this.#list.batches()
    for (;;) {
      // Standard input may say nothing for ever.
      const { done, value } = await abortable(batches.next())
      if (done) break
      for (const line of value) await this.#take(line)
    }
    this.#work.end()
  }

  async #take({ index, text, cut }: URLLine): Promise<void> {
    if (this.#earlier?.has(index, text)) return
    const host = cut ? undefined : this.#origins.of(text)
    if (host !== undefined) {
      if (this.#work.full) await this.#work.ready()
      this.#work.add(newJob(index, text, host))
      return
    }
    const job = newJob(index, text, '')
    const expected = cut
      ? 'it is longer than 65536 bytes'
      : 'expected http:// or https://, and a host'
    const message = `Cannot fetch ${JSON.stringify(shortened(text))}: ${expected}`
    await this.#complete(job, { kind: 'failed', failure: { code: 'ERR_INVALID_URL', message } })
  }

  async #fetch(job: Job): Promise<void> {
    if (job.attempts++ === 0) job.began = now()
    const outcome = await attempt(this.#session, job, this.#attempts)
    if (outcome.kind === 'retry') {
      this.#work.postpone(job, outcome.delay)
      return
    }
    await this.#complete(job, outcome)
    this.#work.finish(job)
  }

  async #complete(job: Job, outcome: Exclude<Outcome, { kind: 'retry' }>): Promise<void> {
    const { index, text, attempts, began } = job
    const ms = attempts === 0 ? 0 : Math.round((now() - began) * 10) / 10
    const fetched = outcome.kind === 'fetched' ? outcome : undefined
    const entry: ReportEntry = {
      index,
      url: text,
      finalUrl: fetched?.finalUrl ?? null,
      status: fetched?.status ?? null,
      bytes: fetched?.bytes ?? 0,
      ms,
      attempts,
      file: fetched?.file ?? null,
      error: outcome.kind === 'failed' ? outcome.failure : null,
    }
    const failed = this.#tally.add(entry)
    if (this.#report !== undefined) await this.#report.append(entry)
    else if (failed) this.#progress.note(noteOf(entry))
  }

  #totalLeft(): number | undefined {
    const { total } = this.#list
    const before = this.#earlier?.tally.done ?? 0
    return total === undefined ? undefined : Math.max(total - before, this.#tally.done)
  }

  async #showProgress(): Promise<void> {
    const { interval } = this.#progress
    if (interval === undefined) return
    for (;;) {
      await sleep(interval)
      const { done, failed, bytes } = this.#tally
      const { ended } = this.#list
      const total = this.#totalLeft()
      const inFlight = this.#work.active
      this.#progress.update(now(), {
        done,
        failed,
        inFlight,
        queued: total === undefined ? this.#work.queued : total - done - inFlight,
        bytes,
        total,
        estimated: !ended,
      })
    }
  }
}

/** Without a report, the only trace that a failure leaves. */
function noteOf({ url, status, error }: ReportEntry): string {
  const why = error === null ? `status ${status}` : `${error.code}: ${error.message}`
  return `failed: ${shortened(url)} (${why})`
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function isHost(name: string): boolean {
  return name.toLowerCase() === 'host'
}
