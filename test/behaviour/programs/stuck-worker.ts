// A worker thread in which nothing can wake the task of a run() any more, nor stop it.
import { isMainThread, Worker } from 'node:worker_threads'
import { run, sleep, SpoolError } from '../../../src/index.ts'

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url))
  worker.on('exit', (code) => console.log(`exit code ${code}`))
} else {
  try {
    await run(() => new Promise(() => undefined))
  } catch (error) {
    console.log(SpoolError.is(error) ? error.code : error)
  }
  await run(() => sleep(1))
  console.log('the next run() returned')
}
