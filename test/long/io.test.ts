import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { moveOnAfter, Pool, sleep } from 'spool'
import { open, openConnection, startServer, subprocess, temporaryFolder } from 'spool/io'
import { checkManyLines } from '../support/many-lines.ts'
import { turnUntil } from '../support/open-resources.ts'

test('readLine() over 1 GB from a connection holds no more than the mark and a few lines', async () => {
  await checkManyLines(1024, { startServer, openConnection })
})

test('lines() over 1 GB of a file is read in bounded memory', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/large`
  {
    await using file = await open(path, 'w')
    const block = `${'x'.repeat(1023)}\n`.repeat(1024)
    for (let count = 0; count < 1024; count++) await file.write(block)
  }
  await using file = await open(path)
  let lines = 0
  let most = 0
  for await (const line of file) {
    if (line.length === 1023) lines++
    if (lines % 65_536 === 0) most = Math.max(most, process.memoryUsage().rss)
  }
  expect(lines).toBe(1024 * 1024)
  expect(most).toBeLessThan(1_000_000_000)
})

/** Of this process; zombies too. */
function children(): string[] {
  return readdirSync('/proc/self/task').flatMap((thread) => {
    const path = `/proc/self/task/${thread}/children`
    return existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean) : []
  })
}

test('1,000 processes, 64 at a time, half of them cancelled, leave no zombie and no orphan', async () => {
  const grandchildren: number[] = []
  const ends = { cancelled: 0, ended: 0 }
  await using pool = new Pool({ limit: 64 })
  await pool.map(
    Array.from({ length: 1000 }, (_, index) => index),
    async (index) => {
      const cancels = index % 2 === 0
      const { timedOut } = await moveOnAfter(cancels ? index % 50 : 600_000, async () => {
        // One that ignores SIGTERM now and then, and all of them have a child of their own.
        const stubborn = index % 20 === 0 ? `trap '' TERM;` : ''
        const script = `${stubborn} sleep 600 & echo $!; ${cancels ? 'wait; sleep 600' : 'true'}`
        await using child = await subprocess('sh', ['-c', script], { grace: 50 })
        grandchildren.push(Number(await child.stdout?.readLine()))
        await child.wait()
        if (cancels) await sleep(600_000)
      })
      ends[timedOut ? 'cancelled' : 'ended']++
    },
  )
  expect(ends).toEqual({ cancelled: 500, ended: 500 })
  await turnUntil(() => children().length === 0)
  expect(grandchildren.length).toBeGreaterThan(500)
  await turnUntil(() => grandchildren.every((pid) => !existsSync(`/proc/${pid}`)))
})
