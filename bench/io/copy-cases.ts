// Bytes from one TCP connection to another, by the megabyte, with a process of their own at the other ends.
import { once } from 'node:events'
import { connect } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Case } from '../concurrency/runner.ts'
import { load } from '../spool-module.ts'
import type { BytePeer } from './peer-process.ts'

const group = 'TCP to TCP, a MiB'
const mebibyte = 1_048_576

export async function copyCases({ source, sink }: BytePeer): Promise<Case[]> {
  const { copyStream, openConnection } = await load('io')
  const host = '127.0.0.1'
  return [
    {
      group,
      name: 'stream.pipeline',
      async run(n) {
        const [from, to] = [connect(source, host), connect(sink, host)]
        from.write(String(n * mebibyte))
        const closed = once(to, 'close')
        await pipeline(from, to.resume())
        await closed
      },
    },
    {
      group,
      name: 'spool copyStream()',
      async run(n) {
        await using from = await openConnection({ host, port: source })
        await using to = await openConnection({ host, port: sink })
        await from.write(String(n * mebibyte))
        const copied = await copyStream(from, to)
        if (copied !== n * mebibyte) throw new Error(`Copied ${copied} bytes`)
        to.end()
        await to.read()
      },
    },
    {
      group,
      name: 'spool for await … write()',
      async run(n) {
        await using from = await openConnection({ host, port: source })
        await using to = await openConnection({ host, port: sink })
        await from.write(String(n * mebibyte))
        for await (const bytes of from) await to.write(bytes)
        to.end()
        await to.read()
      },
    },
  ]
}
