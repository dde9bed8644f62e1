// Contenders in Python: a program that takes one command in a line of JSON and answers in another.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import process from 'node:process'
import type { Usage } from './child.ts'

// The system's own, for which Debian packages what is measured.
const interpreter = '/usr/bin/python3'
const versions = new Map<string, string | undefined>()

/** The version of a package; undefined if it is not installed. */
export function pythonVersion(name: string): string | undefined {
  if (!versions.has(name)) {
    const { status, stdout } = spawnSync(
      interpreter,
      ['-c', `import ${name}; print(${name}.__version__)`],
      { encoding: 'utf8' },
    )
    versions.set(name, status === 0 ? stdout.trim() : undefined)
  }
  return versions.get(name)
}

export class PythonProgram {
  readonly #process: ChildProcess
  readonly #lines: Interface
  #answered: ((line: string) => void) | undefined = undefined

  constructor(file: URL, ...args: string[]) {
    // It ends when its input does, and so with us.
    this.#process = spawn(interpreter, ['-u', file.pathname, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#process.on('exit', () => process.exit(1))
    this.#lines = createInterface({ input: this.#process.stdout! })
    this.#lines.on('line', (line) => this.#answered?.(line))
  }

  /** Gives a command, and resolves with the answer; one at a time. */
  ask<T>(command: unknown): Promise<T> {
    return new Promise((resolve) => {
      this.#answered = (line) => resolve(JSON.parse(line) as T)
      this.#process.stdin!.write(`${JSON.stringify(command)}\n`)
    })
  }

  /** What the program has used, from the books of the system. */
  usage(): Usage {
    const folder = `/proc/${this.#process.pid}`
    let cpu = 0
    for (const thread of readdirSync(`${folder}/task`)) {
      // Nanoseconds on a CPU.
      cpu += Number(readFileSync(`${folder}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
    }
    const pages = Number(readFileSync(`${folder}/statm`, 'utf8').split(' ')[1])
    return { cpu: cpu / 1000, resident: pages * 4096 }
  }
}
