import { timeout as withTimeout } from '../../concurrency/time/timeout.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { ProcessError } from './process-error.ts'
import {
  checkCommand,
  type CommunicateOptions,
  namesElsewhere,
  subprocess,
  type SubprocessOptions,
} from './subprocess.ts'

export interface RunProcessOptions
  extends Omit<SubprocessOptions, 'stdin' | 'stdout' | 'stderr'>, CommunicateOptions {
  /** How long it may take, in milliseconds; then it is ended. Default: as long as the scope. */
  timeout?: number
  /** Whether an exit code other than 0, or a signal, throws. Default true. */
  check?: boolean
}

const optionNames: Names<RunProcessOptions> = {
  folder: true,
  environment: true,
  grace: true,
  input: true,
  limit: true,
  timeout: true,
  check: true,
}

/** What a process wrote, as UTF-8, and how it ended. */
export interface ProcessText {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

// Enough to see what went wrong, and little beside a log line.
const stderrTail = 8_192

/**
 * Runs a program to its end and returns what it wrote.
 *
 * ```ts
 * const { stdout } = await runProcess('tr', ['a-z', 'A-Z'], { input: 'hello' })
 * console.log(stdout) // → HELLO
 * ```
 *
 * Cancellation: the process is asked to end, killed after its grace, and waited for.
 *
 * @throws ProcessError if it can't be started, exits with another code than 0, or is ended by a signal
 * @throws TimeoutError if `timeout` passed
 * @throws LimitExceededError if it writes more than `limit` bytes
 */
export async function runProcess(
  program: string,
  args: readonly string[] = [],
  options: RunProcessOptions = {},
): Promise<ProcessText> {
  checkCommand(program, args)
  checkNames(options, optionNames, 'runProcess()', namesElsewhere)
  const { timeout, check = true, input, limit, ...others } = options
  const run = async (): Promise<ProcessText> => {
    await using child = await subprocess(program, args, {
      ...others,
      stdin: input === undefined ? 'ignore' : 'pipe',
    })
    const output = await child.communicate({
      ...(input === undefined ? {} : { input }),
      ...(limit === undefined ? {} : { limit }),
    })
    const { exitCode, signal } = output
    const stderr = Buffer.from(output.stderr).toString()
    if (check && exitCode !== 0) {
      const why = signal === null ? `it exited with ${exitCode}` : `it was ended by ${signal}`
      const tail = stderr.slice(-stderrTail)
      throw new ProcessError(child.command, why, output, tail)
    }
    return { stdout: Buffer.from(output.stdout).toString(), stderr, exitCode, signal }
  }
  return timeout === undefined ? run() : withTimeout(timeout, run)
}
