/** The `spool` command as a process: its signals, its streams and its end. */
import process from 'node:process'
import { run, sleep } from '../index.ts'
import { runCommandLine } from './command-line.ts'
import { processStreams, ReaderLeftError } from './standard-streams.ts'

// How long the end waits, after an interruption, for threads that are busy in the system, and for readers
// that do not read.
const patience = 1000

const streams = processStreams()
const code = await run(() => runCommandLine(process.argv.slice(2), streams), { name: 'spool' })
process.exitCode ??= code
await exit()

/**
 * Ends the process though something may still be under way that nobody waits for, such as a read
 * from standard input. Node.js can't exit while one of its threads looks a name up or reads from a
 * pipe: after an interruption, which must not take long, the signal itself is then the way out.
 */
async function exit(): Promise<never> {
  const signal = process.exitCode === 130 ? 'SIGINT' : process.exitCode === 143 ? 'SIGTERM' : null
  const flushing = Promise.all([flushed(process.stdout), flushed(process.stderr)])
  await (signal === null ? flushing : Promise.race([flushing, sleep(patience)]))
  const lost = streams.stdout.failure
  // Text that was printed and is nowhere is no success: a full disk says so only now.
  if (lost !== undefined && !(lost instanceof ReaderLeftError) && process.exitCode === 0) {
    streams.stderr.print(`spool: ${lost.message}\n`)
    process.exitCode = 1
  }
  if (signal !== null) {
    for (let waited = 0; threadsAreBusy() && waited < patience; waited += 50) await sleep(50)
    if (threadsAreBusy()) process.kill(process.pid, signal)
  }
  process.exit()
}

function flushed(stream: NodeJS.WriteStream): Promise<unknown> {
  return new Promise((resolve) => stream.write('', resolve))
}

function threadsAreBusy(): boolean {
  return process.getActiveResourcesInfo().some((name) => /^(?:FSReq|GetAddrInfo)/.test(name))
}
