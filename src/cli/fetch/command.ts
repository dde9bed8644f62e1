/** `spool fetch` from its arguments to its exit code. */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import type { ClientSessionOptions } from '../../client/index.ts'
import { CancelledError } from '../../index.ts'
import type { StandardStreams } from '../standard-streams.ts'
import { UsageError } from '../usage-error.ts'
import { FetchRun } from './fetch-run.ts'
import { makeFolder } from './make-folder.ts'
import { fetchUsage, readFetchOptions } from './options.ts'
import { type LineSink, Report, ReportFile } from './output/report.ts'
import { EarlierRun } from './input/earlier-run.ts'
import { URLList } from './input/url-list.ts'

/**
 * Runs `spool fetch` and returns its exit code: 0, or 1 if a URL failed.
 *
 * Cancellation: see `FetchRun`; the summary of what is finished is printed before it throws.
 *
 * @throws UsageError if it cannot begin.
 */
export async function fetchCommand(
  args: readonly string[],
  streams: StandardStreams,
  sessionOptions: ClientSessionOptions = {},
): Promise<number> {
  const options = readFetchOptions(args)
  if (options === 'help') {
    streams.stdout.print(fetchUsage)
    return 0
  }
  const list = await URLList.open(options.inputs, streams.stdin)
  try {
    if (options.out !== undefined) await prepareFolder(options.out)
    // It would be emptied before it is read.
    if (options.report !== undefined && (await list.isIn(options.report))) {
      throw new UsageError(`Cannot write --report "${options.report}": it is the list`)
    }
    const earlier =
      options.resume && options.report !== undefined
        ? await EarlierRun.read(options.report, { failOnStatus: options.fail })
        : undefined
    const report =
      options.report === undefined
        ? undefined
        : await openReport(options.report, earlier?.size ?? 0, streams)
    const run = new FetchRun(options, { list, earlier, report }, streams, sessionOptions)
    let interrupted = true
    try {
      await run.run()
      interrupted = false
    } finally {
      try {
        await report?.close()
      } finally {
        const output = options.report === '-' ? streams.stderr : streams.stdout
        output.print(`${run.summary(interrupted).join('\n')}\n`)
      }
    }
    return run.tally.failed + (earlier?.tally.failed ?? 0) > 0 ? 1 : 0
  } finally {
    await list.close()
  }
}

// By writing into it: what permissions say is not the whole truth, on a full or read-only disk.
async function prepareFolder(path: string): Promise<void> {
  const probe = join(path, `.spool-${process.pid}.part`)
  try {
    await makeFolder(path)
    const file = await open(probe, 'wx')
    await file.close()
    await rm(probe)
  } catch (error) {
    throw cannotWrite('--out', path, error)
  }
}

async function openReport(
  path: string,
  size: number,
  { stdout }: StandardStreams,
): Promise<Report> {
  if (path === '-') {
    const sink: LineSink = {
      write: async (lines) => {
        try {
          await stdout.write(lines)
        } catch (error) {
          // Interrupted while it waited for a slow reader: the lines are on their way all the same.
          if (!CancelledError.is(error)) throw error
        }
      },
      close: async () => {},
    }
    return new Report(sink)
  }
  try {
    return new Report(await ReportFile.create(path, size))
  } catch (error) {
    throw cannotWrite('--report', path, error)
  }
}

function cannotWrite(option: string, path: string, cause: unknown): UsageError {
  const { message } = cause as Error
  return new UsageError(`Cannot write ${option} "${path}": ${message}`, { cause })
}
