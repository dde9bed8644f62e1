/** Others' WebSockets against ours, both ways: `ws`, undici and Python's aiohttp. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { run } from 'spool'
import { ClientSession } from 'spool/client'
import { Application, type Server, serve } from 'spool/server'
import { WebSocket as UndiciWebSocket } from 'undici'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { describeWithAiohttp } from '../support/aiohttp.ts'

const long = 'spool € '.repeat(20_000)

function echoServer(): Promise<Server> {
  const app = new Application().websocket(
    '/ws',
    async (ws) => {
      for await (const message of ws) await ws.send(message)
    },
    { compression: true, subprotocols: ['echo'] },
  )
  return serve(app, { port: 0, host: '127.0.0.1' })
}

/** Sends each message, and waits for it to come back. */
async function exchange(socket: WebSocket, messages: readonly (string | Buffer)[]): Promise<void> {
  for (const message of messages) {
    const answer = once(socket, 'message')
    socket.send(message)
    const [data, isBinary] = (await answer) as [Buffer, boolean]
    expect(isBinary).toBe(typeof message !== 'string')
    expect(data.equals(Buffer.from(message as string))).toBe(true)
  }
}

describe('WebSocket of ws', () => {
  test.each([true, false])('as a client, with compression %s', async (perMessageDeflate) => {
    await using server = await echoServer()
    const url = `${server.url.replace('http', 'ws')}/ws`
    const socket = new WebSocket(url, ['other', 'echo'], { perMessageDeflate })
    await once(socket, 'open')
    expect(socket.protocol).toBe('echo')
    expect(socket.extensions.startsWith('permessage-deflate')).toBe(perMessageDeflate)
    await exchange(socket, ['hello', '', long, Buffer.from(long), Buffer.alloc(1_000_000), 'é'])
    const pong = once(socket, 'pong')
    socket.ping('are you there?')
    expect(String((await pong)[0])).toBe('are you there?')
    const closed = once(socket, 'close')
    socket.close(4000, 'enough')
    expect((await closed)[0]).toBe(4000)
  })

  test.each([true, false])('as a server, with compression %s', async (compression) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true })
    server.on('connection', (socket) => {
      socket.on('message', (data: Buffer, binary) => socket.send(data, { binary }))
    })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await run(async () => {
      await using session = new ClientSession()
      await using ws = await session.websocket(`ws://127.0.0.1:${port}/`, { compression })
      expect(ws.compressed).toBe(compression)
      for (const message of ['hello', '', long, 'é']) {
        await ws.send(message)
        expect(await ws.receive()).toBe(message)
      }
      await ws.send([long, long])
      expect(await ws.receive()).toBe(long + long)
      await ws.send(Buffer.alloc(1_000_000, 7))
      expect((await ws.receiveBytes()).byteLength).toBe(1_000_000)
      expect(await ws.ping()).toBeGreaterThan(0)
      await ws.close(1000, 'done')
      expect(ws.ending).toMatchObject({ closeCode: 1000, wasClean: true, closedBy: 'local' })
    })
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('WebSocket of undici', () => {
  test('as a client', async () => {
    await using server = await echoServer()
    const socket = new UndiciWebSocket(`${server.url.replace('http', 'ws')}/ws`, ['echo'])
    socket.binaryType = 'arraybuffer'
    const next = (type: string): Promise<Event & { data?: unknown; code?: number }> =>
      new Promise((resolve) => socket.addEventListener(type as 'message', resolve, { once: true }))
    await next('open')
    for (const message of ['hello', long]) {
      const answer = next('message')
      socket.send(message)
      expect((await answer).data).toBe(message)
    }
    const answer = next('message')
    socket.send(new Uint8Array([1, 2, 3]))
    expect(new Uint8Array((await answer).data as ArrayBuffer)).toEqual(new Uint8Array([1, 2, 3]))
    const closed = next('close')
    socket.close(1000)
    expect((await closed).code).toBe(1000)
  })
})

const client = `
import asyncio, sys, aiohttp
async def main():
    long = 'spool € ' * 20000
    async with aiohttp.ClientSession() as session:
        for compress in (0, 9, 15):
            async with session.ws_connect(sys.argv[1], compress=compress, protocols=('echo',)) as ws:
                assert ws.protocol == 'echo', ws.protocol
                assert bool(ws.compress) == bool(compress), ws.compress
                for message in ('hello', '', long):
                    await ws.send_str(message)
                    assert await ws.receive_str() == message
                await ws.send_bytes(long.encode())
                assert await ws.receive_bytes() == long.encode()
                await ws.ping(b'x')
            assert ws.close_code == 1000, ws.close_code
    print('all is well')
asyncio.run(main())
`

const server = `
from aiohttp import web, WSMsgType
async def echo(request):
    ws = web.WebSocketResponse(protocols=('echo',))
    await ws.prepare(request)
    async for message in ws:
        if message.type == WSMsgType.TEXT: await ws.send_str(message.data)
        elif message.type == WSMsgType.BINARY: await ws.send_bytes(message.data)
    return ws
async def started(runner):
    await runner.setup()
    site = web.TCPSite(runner, '127.0.0.1', 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
import asyncio
async def main():
    app = web.Application()
    app.router.add_get('/ws', echo)
    await started(web.AppRunner(app))
    await asyncio.Event().wait()
asyncio.run(main())
`

describeWithAiohttp('WebSocket of aiohttp', (python) => {
  test('as a client', async () => {
    await using spool = await echoServer()
    const program = spawn(python, ['-c', client, `${spool.url}/ws`], { stdio: 'pipe' })
    let said = ''
    program.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    program.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await once(program, 'close')
    expect(said).toBe('all is well\n')
  })

  test('as a server', async () => {
    const program = spawn(python, ['-c', server], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(program, 'close')
    const [port] = (await once(createInterface(program.stdout), 'line')) as [string]
    await using session = new ClientSession()
    for (const compression of [false, true]) {
      await using ws = await session.websocket(`ws://127.0.0.1:${port}/ws`, {
        compression,
        subprotocols: ['echo'],
      })
      expect([ws.compressed, ws.subprotocol]).toEqual([compression, 'echo'])
      for (const message of ['hello', '', long]) {
        await ws.send(message)
        expect(await ws.receive()).toBe(message)
      }
      await ws.send(Buffer.from(long))
      expect(Buffer.from(await ws.receiveBytes()).toString()).toBe(long)
      await ws.ping()
      await ws.close()
      expect(ws.ending).toMatchObject({ closeCode: 1000, wasClean: true })
    }
    program.kill()
    await ended
  })
})
