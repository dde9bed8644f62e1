/** Processes with streams that await, which end with the scope that started them. */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { Duplex, type Readable, type Writable } from 'node:stream'
import { checkDuration, show } from '../../concurrency/scope/arguments.ts'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { WaiterSet } from '../../concurrency/scope/waiter-set.ts'
import { gather } from '../../concurrency/tasks/gather.ts'
import { SpoolError } from '../../util/error.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { reasonOf } from '../errors.ts'
import type { ByteStream } from '../streams/byte-stream.ts'
import { fromNode } from '../streams/node-bridge.ts'
import { type ExitStatus, ProcessError } from './process-error.ts'
import { type ProcessInput, writeInput } from './process-input.ts'
import { ProcessScope } from './process-scope.ts'

/** What a standard stream is tied to: a stream of ours, nothing, or that of this process. */
export type StreamTarget = 'pipe' | 'ignore' | 'inherit'

export interface SubprocessOptions {
  /** The folder that it runs in. Default: that of this process. */
  folder?: string
  /** Its whole environment. Default: that of this process. */
  environment?: Readonly<Record<string, string>>
  /** Default `pipe`. */
  stdin?: StreamTarget
  /** Default `pipe`. A process that writes more than is read waits. */
  stdout?: StreamTarget
  /** Default `pipe`. */
  stderr?: StreamTarget
  /** How long it may take to end when it is told to, in milliseconds; then it is killed. Default 5,000. */
  grace?: number
}

export const subprocessNames: Names<SubprocessOptions> = {
  folder: true,
  environment: true,
  stdin: true,
  stdout: true,
  stderr: true,
  grace: true,
}

/** How they are called in Node.js and Python. */
export const namesElsewhere: Readonly<Record<string, string>> = {
  cwd: 'folder',
  env: 'environment',
}

export interface CommunicateOptions {
  /** Written to its standard input, which is then ended. Default: nothing. */
  input?: ProcessInput
  /** The most bytes that are taken of each of its outputs. Default 16 MiB. */
  limit?: number
}

/** All that a process wrote, and how it ended. */
export interface ProcessOutput extends ExitStatus {
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
}

const defaultGrace = 5_000

/** A process; made by `subprocess()` or `shell()`. */
export class Subprocess implements AsyncDisposable {
  /** As it was given. */
  readonly command: string
  readonly pid: number
  /** Only if they are pipes. */
  readonly stdin: ByteStream | undefined
  readonly stdout: ByteStream | undefined
  readonly stderr: ByteStream | undefined
  /** @internal A fourth pipe, both ways, if it was started with one. */
  readonly extra: ByteStream | undefined
  readonly #scope: ProcessScope
  readonly #waiting: WaiterSet<ExitStatus> = new WaiterSet()
  readonly #whenOver: PromiseWithResolvers<void> = Promise.withResolvers<void>()
  #status: ExitStatus | undefined = undefined

  /** @internal */
  constructor(command: string, child: ChildProcess, grace: number) {
    this.command = command
    this.pid = child.pid as number
    this.stdin = streamOf({ writable: child.stdin })
    this.stdout = streamOf({ readable: child.stdout })
    this.stderr = streamOf({ readable: child.stderr })
    this.extra = child.stdio[3] instanceof Duplex ? fromNode(child.stdio[3]) : undefined
    child.once('exit', (exitCode, signal) => {
      this.#status = { exitCode, signal }
      this.#waiting.wake(this.#status)
      this.#whenOver.resolve()
    })
    this.#scope = new ProcessScope(child, grace)
  }

  /** How it ended; undefined while it runs. */
  get status(): ExitStatus | undefined {
    return this.#status
  }

  /**
   * Waits until it has ended, however it did. A process that writes to a pipe that nobody reads may never end:
   * `communicate()` reads.
   *
   * Cancellation: only stops waiting; the process ends with the scope that started it.
   */
  async wait(): Promise<ExitStatus> {
    currentScope().throwIfCancelled()
    return this.#status ?? this.#waiting.wait(`the process "${this.command}"`)
  }

  /**
   * Writes the input, reads all outputs, and waits for the end, all at once.
   *
   * Cancellation: what was read is lost; the process ends with the scope that started it.
   *
   * @throws LimitExceededError if it writes more than the limit; what `input` throws
   */
  async communicate({
    input,
    limit = 16_777_216,
  }: CommunicateOptions = {}): Promise<ProcessOutput> {
    const [, stdout, stderr, status] = await gather(
      () => writeInput(this.stdin, input),
      () => this.stdout?.readAll({ limit }) ?? new Uint8Array(),
      () => this.stderr?.readAll({ limit }) ?? new Uint8Array(),
      () => this.wait(),
    )
    return { ...status, stdout, stderr }
  }

  /** Sends a signal to it and to all that it has started; false if it has ended. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#status === undefined && this.#scope.sendSignal(signal)
  }

  /** Asks it to end (SIGTERM), and kills it after its grace. Does not wait. */
  terminate(): void {
    this.#scope.terminate()
  }

  /** Ends it and all that it has started, at once (SIGKILL). Does not wait. */
  kill(): void {
    this.#scope.sendSignal('SIGKILL')
  }

  /**
   * Ends it if it runs, waits until it is gone, and closes its streams.
   *
   * Cancellation: is never thrown. It takes as long as the process does to end, its grace at most.
   */
  async close(): Promise<void> {
    if (this.#status === undefined) this.terminate()
    await this.#whenOver.promise
    for (const stream of [this.stdin, this.stdout, this.stderr, this.extra]) {
      stream?.abort()
      await stream?.close()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Starts a program, without a shell in between. It belongs to the scope that started it: when that is cancelled or
 * ends, the process is asked to end (SIGTERM), killed after its grace (SIGKILL), and waited for; with it all that
 * it has started itself.
 *
 * ```ts
 * await using sort = await subprocess('sort', ['-r'])
 * const { stdout } = await sort.communicate({ input: ['a\n', 'c\n', 'b\n'] })
 * console.log(Buffer.from(stdout).toString().trim().split('\n').join()) // → c,b,a
 * ```
 *
 * Cancellation: in a cancelled scope nothing is started.
 *
 * @throws ProcessError if it can't be started
 */
export async function subprocess(
  program: string,
  args: readonly string[] = [],
  options: SubprocessOptions = {},
): Promise<Subprocess> {
  checkCommand(program, args)
  checkNames(options, subprocessNames, 'subprocess()', namesElsewhere)
  return started([program, ...args].join(' '), options, (stdio) =>
    spawn(program, args, { ...spawnOptions(options), stdio }),
  )
}

/**
 * Starts a command line in the system's shell; else as `subprocess()`. What comes from others must not be put into
 * it: give it as an argument to `subprocess()`, or in the environment.
 *
 * Cancellation: in a cancelled scope nothing is started.
 *
 * @throws ProcessError if it can't be started
 */
export async function shell(
  commandLine: string,
  options: SubprocessOptions = {},
): Promise<Subprocess> {
  checkCommand(commandLine, [])
  checkNames(options, subprocessNames, 'shell()', namesElsewhere)
  return started(commandLine, options, (stdio) =>
    spawn(commandLine, { ...spawnOptions(options), stdio, shell: true }),
  )
}

/** @internal With a fourth pipe, descriptor 3 over there. */
export async function subprocessWithPipe(
  program: string,
  args: readonly string[],
  options: SubprocessOptions,
): Promise<Subprocess> {
  const start = (stdio: StdioOptions): ChildProcess =>
    spawn(program, args, { ...spawnOptions(options), stdio })
  return started([program, ...args].join(' '), options, start, ['pipe'])
}

/** @internal */
export function checkCommand(program: unknown, args: unknown): void {
  if (typeof program !== 'string' || program === '') {
    throw new TypeError(`Cannot run ${show(program)}: expected the name of a program, or its path`)
  }
  if (!Array.isArray(args) || args.some((arg) => typeof arg !== 'string')) {
    throw new TypeError(`Cannot run "${program}": expected an array of strings as its arguments`)
  }
}

async function started(
  command: string,
  options: SubprocessOptions,
  start: (stdio: StdioOptions) => ChildProcess,
  extra: readonly 'pipe'[] = [],
): Promise<Subprocess> {
  currentScope().throwIfCancelled()
  const { stdin = 'pipe', stdout = 'pipe', stderr = 'pipe', grace = defaultGrace } = options
  checkDuration('grace', grace)
  let child: ChildProcess
  try {
    child = outsideScopes(() => start([stdin, stdout, stderr, ...extra]))
  } catch (error) {
    if (error instanceof TypeError || SpoolError.is(error)) throw error
    throw startFailure(command, error as Error)
  }
  if (child.pid !== undefined) return new Subprocess(command, child, grace)
  // Node.js tells why in the next turn, whatever happens.
  const failure = await new Promise<Error>((resolve) => child.once('error', resolve))
  throw startFailure(command, failure)
}

function startFailure(command: string, cause: Error): ProcessError {
  return new ProcessError(command, reasonOf(cause), undefined, '', { cause })
}

function spawnOptions({ folder, environment }: SubprocessOptions): {
  cwd: string | undefined
  env: NodeJS.ProcessEnv | undefined
  detached: true
} {
  // Detached is what makes it the leader of a group; it is not left alone.
  return { cwd: folder, env: environment, detached: true }
}

function streamOf(sides: {
  readable?: Readable | null
  writable?: Writable | null
}): ByteStream | undefined {
  const { readable = null, writable = null } = sides
  if (readable === null && writable === null) return undefined
  return fromNode({ readable: readable ?? undefined, writable: writable ?? undefined })
}
