import { run } from 'spool'
import { ClientSession } from 'spool/client'
import { serve } from 'spool/server'
import { expect, test } from 'vitest'
import { httpbin } from '../../examples/httpbin/app.ts'

async function withSession(talk: (session: ClientSession) => Promise<void>): Promise<void> {
  await run(async () => {
    await using server = await serve(httpbin(), { port: 0, host: '127.0.0.1' })
    await using session = new ClientSession({ baseUrl: server.url })
    await talk(session)
    expect(server.statistics().active).toBe(0)
  })
}

test('/ws sends back text and bytes, compressed if that is asked for', async () => {
  await withSession(async (session) => {
    for (const compression of [false, true]) {
      await using ws = await session.websocket('/ws', { compression })
      expect(ws.compressed).toBe(compression)
      await ws.send('hello '.repeat(1_000))
      expect(await ws.receive()).toBe('hello '.repeat(1_000))
      await ws.send(new Uint8Array([1, 2]))
      expect([...(await ws.receiveBytes())]).toEqual([1, 2])
    }
  })
})

test('/ws/broadcast sends to all who are there', async () => {
  await withSession(async (session) => {
    await using ada = await session.websocket('/ws/broadcast')
    await using bob = await session.websocket('/ws/broadcast', { compression: true })
    await Promise.all([ada.ping(), bob.ping()])
    await ada.send('hello')
    expect([await ada.receive(), await bob.receive()]).toEqual(['hello', 'hello'])
  })
})

test('/ws/close/{code} closes with that code', async () => {
  await withSession(async (session) => {
    await using ws = await session.websocket('/ws/close/4321')
    await expect(ws.receive()).rejects.toMatchObject({ closeCode: 4321, closedBy: 'remote' })
  })
})

test('/ws/close/{code} refuses a code that no close frame may have', async () => {
  await withSession(async (session) => {
    for (const code of ['0999', '1006', '2000', '5000']) {
      await expect(session.websocket(`/ws/close/${code}`)).rejects.toMatchObject({ status: 400 })
    }
  })
})
