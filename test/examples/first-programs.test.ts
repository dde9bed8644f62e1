import { describe, expect, it, vi } from 'vitest'
import { MockClock } from 'spool/testing'
import { openResources, turnUntil } from '../support/open-resources.ts'
import { startProcess } from '../support/processes.ts'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const folder = resolve(import.meta.dirname, '../../examples')

/** What each program prints. */
const programs: Readonly<Record<string, string>> = {
  'concurrency/sleeps.ts': `
in turn: a b c d e in 5.0 s
together: a b c d e in 1.0 s`,
  'concurrency/tasks.ts': `
Hello, Ada!
"greeting" is running
Hello, Grace!
"greeting" has succeeded
"slow" was cancelled`,
  'concurrency/done-callback.ts': `
square of 1: 1
square of 2: 4
square of 3: 9`,
  'concurrency/gather.ts': `
Ada is 36
failed: out of paper
rejected
fulfilled
fast`,
  'concurrency/pool.ts': `
finished: 1 2 3 4 5 6 7 8 9 10
at most 3 at a time
squares: 1 4 9 16
14 tasks succeeded`,
  'client/collect-urls.ts': `
49 of 50 found
the first: page 0, the last: page 49
missing: /pages/13
at most 10 connections: true`,
  'client/session.ts': `
201 {"id":2,"name":"Grace"}
Grace has number 2
failed with 404`,
  'server/websocket-echo.ts': `
Hello, world!
the answer is 42
3 bytes`,
  'server/tls.ts': `
Hello over https:
refused: DEPTH_ZERO_SELF_SIGNED_CERT`,
  'io/read-file.ts': `
1 So much depends
2 upon
3 a red wheel
4 barrow
40 characters`,
  'io/tcp-streams.ts': `
HELLO
IS ANYBODY THERE?`,
  'io/process-messages.ts': `
the sum is 42
1970-01-01 one`,
}

/** Programs that serve until they are told to stop: what they answer to a path. */
const servers: Readonly<Record<string, readonly [path: string, status: number, body: string][]>> = {
  'server/hello.ts': [['/', 200, 'Hello, world!\n']],
  'server/route-parameters.ts': [
    ['/greet/Ada', 200, 'Hello, Ada!\n'],
    ['/users/7', 200, '{"id":7,"name":"Ada"}'],
    ['/users/8', 404, 'There is no user 8'],
    ['/users/x', 404, 'Not Found'],
    ['/files/a/b', 200, 'a/b\n'],
  ],
  'server/middleware.ts': [
    ['/', 200, 'Hello, world!\n'],
    ['/secrets', 401, 'No key\n'],
  ],
}

describe('examples', () => {
  it.each(Object.entries(programs))(
    '%s prints what it says and leaves nothing',
    async (name, expected) => {
      // A test before this one may have something left that closes meanwhile.
      const before = openResources().length
      // Its waits are jumped over; the others wait for more than time.
      using _ = name === 'concurrency/sleeps.ts' ? MockClock.install({ autoJump: true }) : undefined
      const printed: string[] = []
      vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
        printed.push(values.map(String).join(' '))
      })

      await import(join(folder, name))

      expect(printed).toEqual(expected.trim().split('\n'))
      await turnUntil(() => openResources().length <= before)
    },
  )

  it.each(Object.entries(servers))(
    '%s answers, and ends when it is told to',
    async (name, requests) => {
      const program = await startProcess(process.execPath, {
        args: [join(folder, name), '0'],
        ready: /listening on (\S+),/,
      })
      await using _ = program
      for (const [path, status, body] of requests) {
        const response = await fetch(`${program.match?.[1]}${path}`)
        expect([path, response.status, await response.text()]).toEqual([path, status, body])
      }
      program.signal('SIGTERM')
      await program.ended()
      expect(program.exitCode).toBe(143)
    },
  )

  it('are all in the list, and none is longer than 60 lines', () => {
    const list = readFileSync(join(folder, 'README.md'), 'utf8')
    const table = list.slice(0, list.indexOf('Larger ones'))
    const listed = Array.from(table.matchAll(/\]\(([a-z/-]+\.ts)\)/g), ([, path]) => path ?? '')
    expect(new Set(listed)).toEqual(new Set([...Object.keys(programs), ...Object.keys(servers)]))
    const files = ['concurrency', 'client', 'server', 'io'].flatMap((topic) =>
      readdirSync(join(folder, topic))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${topic}/${name}`),
    )
    expect(files.filter((name) => !listed.includes(name))).toEqual([
      'io/process-messages-worker.ts',
    ])
    for (const name of files) {
      expect(readFileSync(join(folder, name), 'utf8').split('\n').length, name).toBeLessThan(60)
    }
  })
})
