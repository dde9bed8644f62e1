/** Programs from outside as the other end of a test: started, waited for, and surely ended. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ProcessOptions {
  args?: readonly string[]
  cwd?: string
  env?: Readonly<Record<string, string>>
  /** It is ready when a line of its output matches; what matched is in `match`. */
  ready?: RegExp
  /** It is ready when it accepts connections on this port of 127.0.0.1. */
  port?: number
  /** How long it may take to be ready, in milliseconds. Default 8,000. */
  timeout?: number
}

export class RunningProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  #output = ''
  #over = false
  #match: RegExpExecArray | undefined = undefined
  readonly #waiting = new Set<() => void>()
  readonly #killAtExit = (): void => {
    this.#child.kill('SIGKILL')
  }

  /** Made by `startProcess()`. */
  constructor(command: string, options: ProcessOptions) {
    const { args = [], cwd, env = {} } = options
    this.#child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    // A test run that dies takes its programs along.
    process.once('exit', this.#killAtExit)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        this.#look()
      })
    }
    // Who ends before it has read is no failure of the test.
    this.#child.stdin?.on('error', () => undefined)
    this.#exited = new Promise((resolve) => {
      const ended = (): void => {
        process.off('exit', this.#killAtExit)
        this.#over = true
        this.#look()
        resolve()
      }
      this.#child.once('error', (error) => {
        this.#output += String(error)
        ended()
      })
      this.#child.once('close', ended)
    })
  }

  /** What it has written to standard output and standard error. */
  get output(): string {
    return this.#output
  }

  /** What `ready` matched. */
  get match(): RegExpExecArray {
    if (this.#match === undefined) throw new Error('The program was started without "ready"')
    return this.#match
  }

  get running(): boolean {
    return !this.#over
  }

  /** Undefined while it runs, and if a signal ended it. */
  get exitCode(): number | undefined {
    return this.#child.exitCode ?? undefined
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Writes to its standard input, and closes that if `last`. */
  write(text: string, last = false): void {
    if (last) this.#child.stdin?.end(text)
    else this.#child.stdin?.write(text)
  }

  /** Resolves when it has ended, and all its output is here. */
  ended(): Promise<void> {
    return this.#exited
  }

  /** Resolves when its output matches. Rejects if it ends before. */
  untilOutput(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.#output)
        if (match === null && this.running) return
        this.#waiting.delete(look)
        if (match !== null) resolve(match)
        else reject(new Error(`The program ended without "${pattern.source}":\n${this.#output}`))
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Ends it: by SIGTERM, and by SIGKILL if it has not ended after `patience` milliseconds. */
  async stop(patience = 2000): Promise<void> {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patience)
    await this.#exited
    clearTimeout(timer)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Waits until it is ready; for `startProcess()`. */
  async ready({ ready, port, timeout = 8000 }: ProcessOptions): Promise<void> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      late.reject(new Error(`The program is not ready after ${timeout} ms:\n${this.#output}`))
    }, timeout)
    try {
      if (ready !== undefined) {
        this.#match = await Promise.race([this.untilOutput(ready), late.promise])
      }
      if (port !== undefined) await Promise.race([this.#untilAccepting(port), late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  async #untilAccepting(port: number): Promise<void> {
    while (!(await accepts(port))) {
      if (!this.running) throw new Error(`The program ended before it was ready:\n${this.#output}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  #look(): void {
    for (const look of Array.from(this.#waiting)) look()
  }
}

/** Starts a program, and resolves when it is ready. If it does not get ready, it is ended. */
export async function startProcess(
  command: string,
  options: ProcessOptions = {},
): Promise<RunningProcess> {
  const running = new RunningProcess(command, options)
  try {
    await running.ready(options)
  } catch (error) {
    await running.stop()
    throw error
  }
  return running
}

/** A port of 127.0.0.1 that was free a moment ago, for programs that can't choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** A folder for one test, removed with all that is in it. */
export class TemporaryFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'spool-'))

  /** Writes a file and returns its path. */
  write(name: string, text: string): string {
    const path = join(this.path, name)
    writeFileSync(path, text)
    return path
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export interface Nginx extends AsyncDisposable {
  readonly port: number
  readonly running: RunningProcess
}

/**
 * Starts nginx with this content of its `server` block, in a folder of its own; `http` goes before
 * that block. One process, no logs but errors in `running.output`.
 */
export async function startNginx(program: string, server: string, http = ''): Promise<Nginx> {
  const folder = new TemporaryFolder()
  const port = await freePort()
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const paths = kinds.map((kind) => `${kind}_temp_path ${folder.path}/${kind};`).join('\n')
  const config = folder.write(
    'nginx.conf',
    `daemon off; master_process off; pid ${folder.path}/pid; error_log stderr;
    events { worker_connections 256; }
    http { access_log off; ${paths} ${http} server { listen 127.0.0.1:${port}; ${server} } }`,
  )
  const args = ['-p', folder.path, '-e', 'stderr', '-c', config]
  try {
    const running = await startProcess(program, { args, port })
    return {
      port,
      running,
      async [Symbol.asyncDispose]() {
        await running.stop()
        folder[Symbol.dispose]()
      },
    }
  } catch (error) {
    folder[Symbol.dispose]()
    throw error
  }
}
