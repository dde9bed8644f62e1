// npm start: without arguments, fetches 2,000 URLs from a server of its own. With arguments it is
// `spool fetch`: npm start -- urls.txt --out bodies
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { sampleURLs } from './urls.ts'

const count = 2000

const given = process.argv.slice(2)
process.argv.splice(2, given.length, 'fetch', ...(given.length > 0 ? given : await ownJob()))
await import(new URL('../../bin/spool.js', import.meta.url).href)

async function ownJob(): Promise<string[]> {
  // In a thread, so that the server and those who fetch from it do not wait for each other.
  const server = new Worker(new URL('server.ts', import.meta.url), { stdout: true })
  const base = String((await once(server.stdout, 'data'))[0])
  const folder = await mkdtemp(join(tmpdir(), 'spool-'))
  const list = join(folder, 'urls.txt')
  await writeFile(list, Array.from(sampleURLs(base, count), (url) => `${url}\n`).join(''))
  console.log(`fetching ${count} URLs from ${base} into ${folder}`)
  const out = join(folder, 'bodies')
  const report = join(folder, 'report.jsonl')
  return [list, '--per-host', '100', '--out', out, '--report', report]
}
