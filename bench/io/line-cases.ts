// Lines of 80 bytes, from a file and from a TCP connection.
import { createReadStream } from 'node:fs'
import { open as openHandle } from 'node:fs/promises'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Case } from '../concurrency/runner.ts'
import { load } from '../spool-module.ts'
import type { BytePeer } from './peer-process.ts'

/** As long as those of the peer. */
export const lineLength = 80
/** Of the file that is read again and again. */
export const linesOfFile = 100_000

function check(count: number, expected: number): void {
  if (count !== expected) throw new Error(`Read ${count} lines instead of ${expected}`)
}

function ofFile(name: string, read: () => Promise<number>): Case {
  return {
    group: 'a line of a file',
    name,
    operations: linesOfFile,
    async run(n) {
      for (let round = 0; round < n; round++) check(await read(), linesOfFile)
    },
  }
}

function ofSocket(name: string, read: (lines: number) => Promise<number>): Case {
  return {
    group: 'a line of a connection',
    name,
    operations: linesOfFile,
    run: async (n) => check(await read(n * linesOfFile), n * linesOfFile),
  }
}

export async function lineCases(path: string, { source }: BytePeer): Promise<Case[]> {
  const { open, openConnection } = await load('io')
  const host = '127.0.0.1'
  return [
    ofFile('readline over createReadStream', async () => {
      let count = 0
      const input = createReadStream(path)
      for await (const line of createInterface({ input, crlfDelay: Infinity })) {
        if (line.length > 0) count++
      }
      return count
    }),
    ofFile('FileHandle.readLines', async () => {
      let count = 0
      const handle = await openHandle(path)
      for await (const line of handle.readLines()) if (line.length > 0) count++
      return count
    }),
    ofFile('spool file.lines()', async () => {
      let count = 0
      await using opened = await open(path)
      for await (const line of opened.lines()) if (line.length > 0) count++
      return count
    }),
    ofSocket('readline over a socket', async (lines) => {
      let count = 0
      const input = connect(source, host)
      input.write(String(lines * lineLength))
      for await (const line of createInterface({ input, crlfDelay: Infinity })) {
        if (line.length > 0) count++
      }
      return count
    }),
    ofSocket('spool stream.lines()', async (lines) => {
      let count = 0
      await using stream = await openConnection({ host, port: source })
      await stream.write(String(lines * lineLength))
      for await (const line of stream.lines()) if (line.length > 0) count++
      return count
    }),
    ofSocket('spool stream.readLine()', async (lines) => {
      let count = 0
      await using stream = await openConnection({ host, port: source })
      await stream.write(String(lines * lineLength))
      while ((await stream.readLine()) !== undefined) count++
      return count
    }),
  ]
}
