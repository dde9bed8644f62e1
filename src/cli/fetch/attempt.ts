/** One attempt at one URL: the request, and what becomes of the answer. */
import { type ClientSession, type ClientResponse } from '../../client/index.ts'
import { CancelledError, currentScope } from '../../index.ts'
import { describeFailure, type Failure, isTransientFailure } from '../failure.ts'
import { BodyFile } from './output/body-file.ts'
import { fileNameFor } from './output/file-name.ts'
import type { Job } from './schedule/job.ts'
import {
  delayBeforeRetry,
  isIdempotent,
  isTransient,
  parseRetryAfter,
} from './schedule/retry-schedule.ts'

// More than that costs more than a new connection.
const mostReadAway = 65_536

/** What all attempts of a run have in common. */
export interface AttemptOptions {
  readonly method: string
  readonly retries: number
  /** The folder that keeps the bodies. */
  readonly out: string | undefined
  /** What `Host` says in place of the URL's host. */
  readonly host: string | undefined
}

/** How an attempt ended: with something to report, or with a time to wait before the next one. */
export type Outcome =
  | {
      readonly kind: 'fetched'
      finalUrl: string
      status: number
      bytes: number
      file: string | null
    }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'retry'; readonly delay: number }

/**
 * Makes attempt number `job.attempts`. Whatever goes wrong is an outcome; only cancellation throws.
 *
 * Cancellation: the connection is closed and the unfinished file removed. A body that is complete is
 * kept: from then on nothing here can be cancelled.
 */
export async function attempt(
  session: ClientSession,
  job: Job,
  options: AttemptOptions,
): Promise<Outcome> {
  const mayRetry = job.attempts <= options.retries && isIdempotent(options.method)
  try {
    const { method, host } = options
    const own = host === undefined ? undefined : { headers: { host } }
    const response = await session.request(method, job.text, own)
    try {
      if (mayRetry && isTransient(response.status)) {
        // The wall clock: what the date in the field is about.
        const after = parseRetryAfter(response.headers.get('retry-after'), Date.now())
        const delay = delayBeforeRetry(job.attempts, Math.random(), after)
        if (delay !== undefined) {
          await readAway(response)
          return { kind: 'retry', delay }
        }
      }
      return await keep(response, job, options.out)
    } finally {
      await response[Symbol.asyncDispose]()
    }
  } catch (error) {
    if (CancelledError.is(error) && currentScope().cancelled) throw error
    if (mayRetry && isTransientFailure(error)) {
      const delay = delayBeforeRetry(job.attempts, Math.random(), undefined)
      if (delay !== undefined) return { kind: 'retry', delay }
    }
    return { kind: 'failed', failure: describeFailure(error) }
  }
}

// So that its connection can be used again. Nobody wants the body of such an answer; what is wrong
// with it the next attempt will tell.
async function readAway(response: ClientResponse): Promise<void> {
  try {
    await response.body.bytes(mostReadAway)
  } catch (error) {
    if (CancelledError.is(error)) throw error
  }
}

async function keep(response: ClientResponse, job: Job, out: string | undefined): Promise<Outcome> {
  const { status, url: finalUrl } = response
  if (out === undefined) {
    let bytes = 0
    for await (const chunk of response.body) bytes += chunk.length
    return { kind: 'fetched', finalUrl, status, bytes, file: null }
  }
  const file = new BodyFile(out, fileNameFor(job.index, new URL(job.text)))
  try {
    for await (const chunk of response.body) await file.write(chunk)
    await file.commit()
  } finally {
    await file.discard()
  }
  return { kind: 'fetched', finalUrl, status, bytes: file.bytes, file: file.name }
}
