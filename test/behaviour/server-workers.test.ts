import { createServer } from 'node:net'
import { sleep } from 'spool'
import { ClientSession } from 'spool/client'
import { serve, text } from 'spool/server'
import { afterEach, expect, test } from 'vitest'
import { type RunningProcess, startProcess } from '../support/processes.ts'
import { rawClient } from '../support/raw-client.ts'
import { get } from '../support/requests.ts'

const program = new URL('programs/workers.ts', import.meta.url).pathname

interface Workers {
  readonly url: string
  readonly port: number
  readonly pids: number[]
  readonly running: RunningProcess
}

const started: RunningProcess[] = []

afterEach(async () => {
  for (const running of started.splice(0)) await running.stop()
})

async function start(...args: string[]): Promise<Workers> {
  const ready = /listening on (http:\S+:(\d+)) by ([\d ]+)\n/
  const running = await startProcess(process.execPath, { args: [program, ...args], ready })
  started.push(running)
  const [, url = '', port, pids = ''] = running.match
  return { url, port: Number(port), pids: pids.split(' ').map(Number), running }
}

async function pidAt(url: string): Promise<number> {
  await using session = new ClientSession()
  const { pid } = await session.get(`${url}/pid`).json<{ pid: number }>()
  return pid
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20)
}

test('workers share the connections, and end in order on SIGTERM', async () => {
  const { url, pids, running } = await start()
  const seen = [await pidAt(url), await pidAt(url), await pidAt(url), await pidAt(url)]
  expect(pids).toHaveLength(2)
  expect(new Set(seen)).toEqual(new Set(pids))
  running.signal('SIGTERM')
  await running.ended()
  expect(running.exitCode).toBe(143)
  for (const pid of pids) {
    expect(running.output).toContain(`cleaned up ${pid}\n`)
    expect(running.output).toContain(`over ${pid}\n`)
    expect(alive(pid)).toBe(false)
  }
})

test('workers that close let requests that run finish, and end streams of events', async () => {
  const { url, port, running } = await start()
  await using session = new ClientSession()
  const slow = session.get(`${url}/slow/500`).text()
  const streamed = session.get(`${url}/stream`).text()
  await using idle = await rawClient({ port })
  await idle.send(get('/'))
  await idle.readUntil('world!')
  await using events = await rawClient({ port })
  await events.send(get('/events'))
  await events.readUntil('data: ')
  await using reading = await rawClient({ port })
  await reading.send('GET / HTTP/1.1\r\nhos')
  await running.untilOutput(/began/)
  await sleep(100)
  running.signal('SIGTERM')
  expect(await slow).toBe('slept 500')
  expect(await streamed).toBe('0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n')
  expect(await events.readAll()).toMatch(/0\r\n\r\n$/)
  expect(await idle.readAll()).toBe('')
  await reading.send('t: a\r\n\r\n')
  expect(await reading.readAll()).toMatch(/world!$/)
  for (const client of [idle, events, reading]) client.destroy()
  await running.ended()
  expect(running.exitCode).toBe(143)
})

test('workers end by their deadline, whatever runs in them', async () => {
  const { port, pids, running } = await start('2', '300')
  await using slow = await rawClient({ port })
  await slow.send(get('/slow/600000'))
  await running.untilOutput(/began/)
  const before = performance.now()
  running.signal('SIGTERM')
  await running.ended()
  expect(performance.now() - before).toBeGreaterThan(250)
  expect(performance.now() - before).toBeLessThan(5_000)
  expect([running.exitCode, ...pids.map(alive)]).toEqual([143, false, false])
})

test('workers end at once with their primary on a second signal', async () => {
  const { port, pids, running } = await start('2', '600000')
  await using slow = await rawClient({ port })
  await slow.send(get('/slow/600000'))
  await running.untilOutput(/began/)
  running.signal('SIGINT')
  await sleep(200)
  expect(running.running).toBe(true)
  running.signal('SIGINT')
  await running.ended()
  await until(() => !pids.some(alive))
  expect(running.exitCode).toBe(130)
})

test('a worker that is killed loses its own connections only, and another takes its place', async () => {
  const { port, url, pids, running } = await start()
  const clients = await Promise.all([rawClient({ port }), rawClient({ port })])
  const owners: number[] = []
  for (const client of clients) {
    await client.send(get('/pid'))
    owners.push(Number((await client.readUntil('}}')).match(/"pid":(\d+)/)?.[1]))
  }
  expect(new Set(owners)).toEqual(new Set(pids))
  process.kill(owners[0] as number, 'SIGKILL')
  await clients[0].untilEnded()
  await clients[1].send(get('/pid'))
  expect(await clients[1].readUntil('}}')).toContain(`"pid":${owners[1]}`)
  await running.untilOutput(/Worker \d+ was ended by SIGKILL; another one is started at once/)
  let fresh = 0
  await until(async () => {
    fresh = await pidAt(url)
    return !pids.includes(fresh)
  })
  expect(alive(fresh)).toBe(true)
  for (const client of clients) await client[Symbol.asyncDispose]()
})

test('workers that die again and again are started later and later', async () => {
  const { url, running } = await start('1')
  await using session = new ClientSession()
  const crash = (): Promise<unknown> =>
    session
      .get(`${url}/crash`)
      .text()
      .catch(() => undefined)
  const untilBack = (): Promise<void> =>
    until(async () => !running.running || (await pidAt(url).catch(() => 0)) !== 0)
  await crash()
  await running.untilOutput(/ended with code 3; another one is started at once/)
  await untilBack()
  await crash()
  await running.untilOutput(/ended with code 3; another one is started in 100 ms/)
  await untilBack()
  await crash()
  await running.untilOutput(/ended with code 3; another one is started in 200 ms/)
  await untilBack()
  expect(running.running).toBe(true)
}, 30_000)

test('workers finish what runs when their primary is killed', async () => {
  const { port, pids, running } = await start()
  await using slow = await rawClient({ port })
  await slow.send(get('/slow/300'))
  await running.untilOutput(/began/)
  running.signal('SIGKILL')
  expect(await slow.readAll()).toMatch(/slept 300$/)
  slow.destroy()
  await until(() => !pids.some(alive))
  await running.ended()
  expect(running.output).toContain(`over ${pids[0]}`)
})

test('reload() replaces the workers one by one, and no request is lost', async () => {
  const { url, pids, running } = await start()
  await using session = new ClientSession()
  const load = { over: false }
  let answered = 0
  const failures: unknown[] = []
  const clients = Array.from({ length: 4 }, async () => {
    while (!load.over) {
      try {
        expect(await session.get(`${url}/`).text()).toBe('Hello, world!')
        answered++
      } catch (error) {
        failures.push(error)
      }
    }
  })
  const slow = session.get(`${url}/slow/500`).text()
  await running.untilOutput(/began/)
  running.signal('SIGHUP')
  const [, now = ''] = await running.untilOutput(/reloaded ([\d ]+)\n/)
  load.over = true
  await Promise.all(clients)
  expect(await slow).toBe('slept 500')
  expect(failures).toEqual([])
  expect(answered).toBeGreaterThan(10)
  const fresh = now.split(' ').map(Number)
  expect(fresh.filter((pid) => pids.includes(pid))).toEqual([])
  expect([...pids, ...fresh].map(alive)).toEqual([false, false, true, true])
})

test('workers tell their statistics', async () => {
  const { url, running } = await start()
  for (let count = 0; count < 5; count++) await pidAt(url)
  await until(() => {
    running.signal('SIGUSR2')
    return running.output.includes('"requests":5') || !running.running
  })
  const json = /statistics (.*"requests":5.*)\n/.exec(running.output)?.[1] ?? '{}'
  expect(JSON.parse(json)).toMatchObject({ requests: 5, accepted: 5 })
})

test('serve() fails with the reason of its workers, and leaves none behind', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  const running = await startProcess(process.execPath, {
    args: [program, '2', '100', String(port)],
  })
  await running.ended()
  expect(running.exitCode).toBe(1)
  expect(running.output).toMatch(
    `BrokenResourceError: Listening on "127.0.0.1:${port}" failed: the address is in use (EADDRINUSE)`,
  )
  await new Promise((resolve) => taken.close(resolve))
})

test.each([0, 1.5, -1, Number.NaN])('serve() refuses %d workers', async (workers) => {
  await expect(serve(() => text('x'), { workers })).rejects.toThrow(
    `Cannot serve by ${workers} workers: expected "auto", or 1 or more`,
  )
})

test('two workers have a half each of 10,000 requests over 64 connections', async () => {
  const { port } = await start()
  const counts = new Map<string, number>()
  const clients = []
  for (let count = 0; count < 64; count++) {
    const client = await rawClient({ port })
    clients.push(client)
    // Asked before the next comes, so that workers take turns however busy the machine is.
    await client.send(get('/pid'))
    const pid = /"pid":(\d+)/.exec(await client.readUntil('}}'))?.[1] ?? ''
    counts.set(pid, (counts.get(pid) ?? 0) + 1)
  }
  await Promise.all(
    clients.map(async (client) => {
      for (let asked = 1; asked < 157; asked++) {
        await client.send(get('/pid'))
        const pid = /"pid":(\d+)/.exec(await client.readUntil('}}'))?.[1] ?? ''
        counts.set(pid, (counts.get(pid) ?? 0) + 1)
      }
    }),
  )
  for (const client of clients) await client[Symbol.asyncDispose]()
  const all = Array.from(counts.values())
  expect(all).toEqual([5_024, 5_024])
}, 60_000)
