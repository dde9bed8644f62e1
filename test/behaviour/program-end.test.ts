/** How a program ends: run() in processes of their own, with real signals and real exit codes. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type RunningProcess, startProcess } from '../support/processes.ts'

const programs = join(import.meta.dirname, 'programs')

function start(program: string, ...args: string[]): Promise<RunningProcess> {
  return startProcess(process.execPath, { args: [join(programs, `${program}.ts`), ...args] })
}

async function interrupt(how: string, ...signals: NodeJS.Signals[]): Promise<RunningProcess> {
  const program = await start('interrupted', how)
  await program.untilOutput(/ready/)
  for (const signal of signals) {
    program.signal(signal)
    // A second signal is another one only once the first has arrived.
    await program.untilOutput(/main stopped/)
  }
  await program.ended()
  return program
}

describe('a program that is interrupted', () => {
  test('cleans up, and ends with 130 after SIGINT', async () => {
    await using program = await interrupt('stops', 'SIGINT')
    expect(program.output).toBe(
      'ready\nmain stopped, cancelled: true\ntask cleaned up\nrun() returned\n',
    )
    expect(program.exitCode).toBe(130)
  })

  test('ends with 143 after SIGTERM', async () => {
    await using program = await interrupt('stops', 'SIGTERM')
    expect(program.exitCode).toBe(143)
  })

  test('ends with 143 also if main comes to its end in spite of the signal', async () => {
    await using program = await interrupt('finishes', 'SIGTERM')
    expect(program.output).toContain('run() returned')
    expect(program.exitCode).toBe(143)
  })

  test('names the tasks that ignore it after the grace period, and exits at the second signal', async () => {
    await using program = await start('interrupted', 'ignores')
    await program.untilOutput(/ready/)
    program.signal('SIGINT')
    await program.untilOutput(/task "deaf", stopping/)
    expect(program.output).toContain('Still running 20 ms after SIGINT')
    program.signal('SIGINT')
    await program.ended()
    expect(program.exitCode).toBe(130)
  })

  test('leaves behind what ignores it and what nothing can wake any more', async () => {
    await using program = await interrupt('is stuck', 'SIGINT')
    expect(program.output).toContain('task "deaf", stopping')
    expect(program.output).toContain('run() returned')
    expect(program.exitCode).toBe(130)
  })

  test('exits at once at a second signal, in the middle of its clean-up', async () => {
    await using program = await interrupt('ignores', 'SIGTERM', 'SIGINT')
    expect(program.output).not.toContain('run() returned')
    expect(program.exitCode).toBe(130)
  })
})

describe('a program that fails', () => {
  test('ends with 1 and the error of main', async () => {
    await using program = await start('failing', 'main')
    await program.ended()
    expect(program.output).toContain('Error: main is broken')
    expect(program.exitCode).toBe(1)
  })

  test('ends with 1 and the error that nobody awaited, after everything was cancelled', async () => {
    await using program = await start('failing', 'floating')
    await program.ended()
    expect(program.output).toContain(
      'Task group "run" failed: "a promise that nobody awaited" (nobody awaits this)',
    )
    expect(program.exitCode).toBe(1)
  })

  test('hands an error that nobody awaited to the group that it comes from', async () => {
    await using program = await start('failing', 'floating in a group')
    await program.ended()
    expect(program.output).toMatch(
      /^caught: TaskGroupError: Task group "group-\d+" failed: "a promise that nobody awaited" \(nobody awaits this\)\n$/,
    )
    expect(program.exitCode).toBe(0)
  })

  test('goes on if what nobody awaited was only cancelled', async () => {
    await using program = await start('failing', 'floating cancelled')
    await program.ended()
    expect(program.output).toBe('went on\n')
    expect(program.exitCode).toBe(0)
  })

  test('ends with 1 if nothing can wake it any more, and shows what waits', async () => {
    await using program = await start('failing', 'deadlock')
    await program.ended()
    expect(program.output).toContain('main stopped\n')
    expect(program.output).toMatch(
      /^SpoolError: Nothing is left that could wake a task of this program/m,
    )
    expect(program.output).toMatch(/└─ task "main", running, \d+\.\d s, waits for future "never"/)
    expect(program.exitCode).toBe(1)
  })

  test('ends, and names what ignores even that, if nothing can wake it any more', async () => {
    await using program = await start('failing', 'deadlock of the deaf')
    await program.ended()
    expect(program.output).toContain(
      'Tasks ignored their cancellation, and nothing is left that could wake them\n' +
        'group "run", stopping\n└─ task "main", stopping',
    )
    expect(program.output).toMatch(/^SpoolError: Nothing is left that could wake a task/m)
    expect(program.exitCode).toBe(1)
  })

  test('ends with 1 if what was left behind fails after all', async () => {
    await using program = await start('failing', 'late')
    await program.ended()
    // Two pipes, of which either may be read first.
    expect(program.output).toMatch(/^SPOOL_DEADLOCK$/m)
    expect(program.output).toContain('failed after all')
    expect(program.exitCode).toBe(1)
  })

  test('is told so in a worker thread, once, and can go on after it', async () => {
    await using program = await start('stuck-worker')
    await program.ended()
    expect(program.output.match(/Tasks ignored their cancellation/g)).toHaveLength(1)
    expect(program.output).toContain('SPOOL_DEADLOCK\nthe next run() returned\nexit code 0\n')
  })

  test('ends with 1 and the error of a future that nobody came for', async () => {
    await using program = await start('failing', 'a future')
    await program.ended()
    expect(program.output).toContain('"future "future"" (nobody came for this)')
    expect(program.exitCode).toBe(1)
  })

  test.each([
    ['a shield', 'Task group "run" failed: "a promise that nobody awaited"'],
    ['a task of a pool', 'Task group "run" failed: "task "page" of "crawl""'],
    [
      'a task of a pool that is closed under cancellation',
      'Task group "run" failed: "task "page" of "crawl""',
    ],
    ['a task of a pool that is waited for', 'Task group "crawl" failed: "page"'],
    ['outside', 'Error: nobody waited for this'],
  ])('ends with 1 and what failed, once, in %s that nobody awaited', async (way, message) => {
    await using program = await start('failing', way)
    await program.ended()
    expect(program.output).toContain(message)
    expect(program.output.match(/^\S*Error: .*nobody waited for this/gm)).toHaveLength(1)
    expect(program.exitCode).toBe(1)
  })
})
