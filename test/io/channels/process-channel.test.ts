import { afterEach, beforeEach, expect, test } from 'vitest'
import { taskGroup } from 'spool'
import {
  connectChannel,
  parentChannel,
  serveChannels,
  startModule,
  temporaryFolder,
} from 'spool/io'
import { expectNothingLeft, openResources } from '../../support/open-resources.ts'

const worker = new URL('./modules/worker.ts', import.meta.url)
let before: string[]

beforeEach(() => {
  before = openResources()
})

afterEach(async () => {
  await expectNothingLeft(before)
})

test('startModule() runs a module in a process of its own, with a channel to it', async () => {
  await using child = await startModule(worker, { args: ['argument'] })
  const { channel } = child
  expect(await channel.request('hello')).toEqual({ pid: child.process.pid, value: 'hello' })
  await channel.send({ a: new Set([1]) })
  expect(await channel.receive()).toEqual([{ a: new Set([1]) }, 'argument'])
  await expect(channel.request('again')).rejects.toThrow(
    'this process was not made by startModule()',
  )
  await channel.close()
  expect(await child.process.wait()).toEqual({ exitCode: 0, signal: null })
})

test('the death of the process is an error of everybody who waits for it', async () => {
  await using child = await startModule(worker)
  const waiting = Promise.allSettled([child.channel.receive(), child.channel.request('die')])
  for (const result of await waiting) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SPOOL_BROKEN' } })
  }
  expect(await child.process.wait()).toEqual({ exitCode: null, signal: 'SIGKILL' })
})

test('a module ends with the scope that started it', async () => {
  let child: Awaited<ReturnType<typeof startModule>> | undefined
  await taskGroup(async (group) => {
    child = await startModule(worker)
    await child.channel.request('ready')
    group.cancel('enough')
  })
  expect(child?.process.status).toBeDefined()
})

test('serveChannels() and connectChannel() talk over a Unix socket', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/socket`
  await using server = await serveChannels(
    { path, onRequest: (value) => `${String(value)}!` },
    async (channel) => {
      for await (const message of channel) await channel.send(message)
    },
  )
  await using one = await connectChannel({ path })
  await using other = await connectChannel({ path })
  expect(await Promise.all([one.request('one'), other.request('other')])).toEqual([
    'one!',
    'other!',
  ])
  await one.send('back')
  expect(await one.receive()).toBe('back')
  expect(server.statistics()).toMatchObject({ connections: 2 })
})

test('parentChannel() throws where there is no parent', () => {
  expect(() => parentChannel()).toThrow('this process was not made by startModule()')
})
