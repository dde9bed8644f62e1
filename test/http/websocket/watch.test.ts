import { sleep } from 'spool'
import { MockClock, settle } from 'spool/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { opcodes } from '../../support/websocket-frames.ts'
import { type Role, webSocketPair } from '../../support/websocket-pair.ts'

const { text, close, ping, pong } = opcodes

let clock: MockClock

beforeEach(() => {
  clock = MockClock.install()
})

afterEach(() => clock[Symbol.dispose]())

// A wheel fires up to one tick late.
const tick = 100

describe.each<Role>(['server', 'client'])('Watch of a %s', (role) => {
  test('a peer that has vanished is found within its time, though nobody receives', async () => {
    const { ws, peer, wheel } = await webSocketPair(role, {
      heartbeat: 1_000,
      heartbeatTimeout: 500,
    })
    await clock.advance(700)
    await peer.send(text, 'the last word')
    await clock.advance(1_000 - tick)
    expect(peer.take()).toEqual([])
    await clock.advance(2 * tick)
    expect(peer.takeShort()).toEqual([[ping, '']])
    await clock.advance(500 - tick)
    expect(ws.open).toBe(true)
    await clock.advance(4 * tick)
    expect(ws.ending).toMatchObject({ closeCode: 1006, wasClean: false, closedBy: 'local' })
    expect(ws.ending?.message).toBe(
      'The WebSocket is broken: the peer was silent for 1500 ms, and did not answer a ping',
    )
    expect([peer.ended, ws.link.gone, wheel.size]).toEqual([true, true, 0])
    expect(await ws.receive()).toBe('the last word')
  })

  test('a peer that answers, or says anything, is left alone for ever', async () => {
    const { ws, peer } = await webSocketPair(role, { heartbeat: 1_000 })
    for (let count = 0; count < 20; count++) {
      await clock.advance(1_100)
      const pings = peer.take().filter(({ opcode }) => opcode === ping)
      expect(pings.length).toBe(1)
      for (const { payload } of pings) await peer.send(count % 2 === 0 ? pong : text, payload)
    }
    expect(ws.open).toBe(true)
    ws.destroy()
    await settle()
  })

  test('half a frame is a sign of life, too', async () => {
    const { ws, peer } = await webSocketPair(role, { heartbeat: 1_000 })
    const slow = Buffer.alloc(30, 1)
    await peer.write(Buffer.from([0x82, role === 'server' ? 0xfe : 126, 1, 0]))
    for (const byte of slow) {
      await clock.advance(800)
      await peer.write(Buffer.from([byte]))
    }
    expect([peer.take(), ws.open]).toEqual([[], true])
    ws.destroy()
  })

  test('a peer that only takes what we send is alive; one that takes nothing is not', async () => {
    const { ws, peer } = await webSocketPair(role, { heartbeat: 1_000 }, undefined, {
      chunkSize: 10_000,
    })
    peer.transport.pause()
    const sending = ws.send(Buffer.alloc(2_000_000)).catch((error: unknown) => error)
    for (let count = 0; count < 15; count++) {
      peer.transport.resume()
      // One chunk of it.
      await Promise.resolve()
      await Promise.resolve()
      peer.transport.pause()
      await clock.advance(400)
    }
    expect([ws.open, ws.statistics().sending > 0]).toEqual([true, true])
    await clock.advance(2_500)
    expect(ws.ending).toMatchObject({ closeCode: 1006 })
    expect(await sending).toBe(ws.ending)
  })

  test('a peer that takes a stream without end slowly is alive, though as much waits each time', async () => {
    const { ws, peer } = await webSocketPair(role, { heartbeat: 1_000 }, undefined, {
      chunkSize: 10_000,
    })
    peer.transport.pause()
    const sending = (async () => {
      for (;;) await ws.send(Buffer.alloc(70_000))
    })().catch((error: unknown) => error)
    for (let count = 0; count < 60; count++) {
      await clock.advance(300 + (count % 7) * 50)
      peer.transport.resume()
      // One chunk of it.
      await Promise.resolve()
      await Promise.resolve()
      peer.transport.pause()
    }
    expect(ws.open).toBe(true)
    ws.destroy()
    expect(await sending).toBe(ws.ending)
  })

  test('a peer that was too busy for a ping is sent one later, before it is given up', async () => {
    const { ws, peer } = await webSocketPair(role, { heartbeat: 1_000 })
    peer.transport.pause()
    const sending = ws.send(Buffer.alloc(100_000))
    await clock.advance(1_200)
    peer.transport.resume()
    await sending
    peer.take()
    let pings = 0
    for (let count = 0; count < 60; count++) {
      await clock.advance(100)
      for (const { opcode, payload } of peer.take()) {
        if (opcode !== ping) continue
        pings++
        await peer.send(pong, payload)
      }
    }
    expect([ws.open, pings > 1]).toEqual([true, true])
    ws.destroy()
  })

  test('a peer is not given up while it is we who do not read', async () => {
    const { ws, peer } = await webSocketPair(role, { heartbeat: 1_000, maxQueue: 100 })
    await peer.send(text, 'x'.repeat(200))
    await clock.advance(10_000)
    expect(ws.open).toBe(true)
    await ws.receive()
    await clock.advance(3_000)
    expect(ws.open).toBe(false)
  })

  test('idleTimeout closes with 1001 what nobody uses, whatever pings say', async () => {
    const { ws, peer } = await webSocketPair(role, { heartbeat: 300, idleTimeout: 1_000 })
    const answering = (async () => {
      for (let count = 0; count < 60; count++) {
        await sleep(50)
        for (const { opcode } of peer.take()) if (opcode === ping) await peer.send(pong)
      }
    })()
    await clock.advance(800)
    await ws.send('used')
    await clock.advance(700)
    await peer.send(text, 'used')
    await clock.advance(900)
    expect(ws.open).toBe(true)
    await clock.advance(300)
    expect(ws.open).toBe(false)
    await clock.advance(1_000)
    await answering
    ws.destroy()
    await settle()
    expect(ws.ending).toMatchObject({ closeCode: 1006 })
  })

  test('idleTimeout is not over before its time, wherever in a tick the last message came', async () => {
    const { ws, peer } = await webSocketPair(role, { heartbeat: Infinity, idleTimeout: 1_000 })
    await clock.advance(60)
    await peer.send(text, 'used')
    await clock.advance(990)
    expect(ws.open).toBe(true)
    await clock.advance(150)
    expect(ws.open).toBe(false)
    ws.destroy()
    await settle()
  })

  test('idleTimeout says why', async () => {
    const { ws, peer, wheel } = await webSocketPair(role, {
      heartbeat: Infinity,
      idleTimeout: 1_000,
    })
    await clock.advance(1_200)
    expect(peer.takeShort()).toEqual([[close, 1001]])
    await peer.close(1001)
    await peer.end()
    expect(ws.ending).toMatchObject({ closeCode: 1001, wasClean: true, closedBy: 'local' })
    expect(wheel.size).toBe(0)
  })

  test('nothing is watched without time-outs', async () => {
    const { ws, wheel } = await webSocketPair(role, { heartbeat: Infinity })
    expect(wheel.size).toBe(0)
    ws.destroy()
    await settle()
  })
})
