import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  ClientSession,
  type ConnectionPhaseTrace,
  type ConnectionReuseTrace,
  type ConnectionTrace,
  type DNSTrace,
  type PoolTrace,
} from 'spool/client'
import { settle } from 'spool/testing'
import { staticResolver } from '../../../src/io/resolver.ts'
import { answer, MemoryFixture } from '../../client/support/memory-server.ts'
import { certificates } from '../../support/certificates.ts'
import { httpProxy } from '../../support/proxy.ts'
import { answering, rawResponse, rawServer } from '../../support/raw-server.ts'
import { rejectionOf } from '../../support/rejection.ts'

const names = ['pool:wait', 'pool:end', 'dns:hit', 'dns:start', 'dns:end'].concat(
  ['start', 'phase', 'open', 'error', 'reuse'].map((name) => `connection:${name}`),
)

let told: [name: string, message: unknown][]

function listener(message: unknown, name: string | symbol): void {
  told.push([String(name).slice('spool:client:'.length), message])
}

beforeEach(() => {
  told = []
  for (const name of names) subscribe(`spool:client:${name}`, listener)
})

afterEach(() => {
  for (const name of names) unsubscribe(`spool:client:${name}`, listener)
})

/** The messages of these channels, in order. */
function heard<T>(...of: string[]): T[] {
  return told.filter(([name]) => of.includes(name)).map(([, message]) => message as T)
}

function order(): string[] {
  return told.map(([name, message]) =>
    name === 'connection:phase' ? `${name} ${(message as ConnectionPhaseTrace).phase}` : name,
  )
}

const { ca, localhost } = certificates

describe('the channels of connections', () => {
  test('tell of a name, and each part of opening', async () => {
    await using server = await rawServer(answering(rawResponse('hello')), { tls: localhost })
    const url = `https://host.test:${server.port}/`
    await using session = new ClientSession({
      tls: { ca, servername: 'localhost' },
      resolver: staticResolver({ 'host.test': '127.0.0.1' }),
    })
    expect(await session.get(url).text()).toBe('hello')
    expect(order()).toEqual([
      'connection:start',
      'dns:start',
      'dns:end',
      'connection:phase dns',
      'connection:phase tcp',
      'connection:phase tls',
      'connection:open',
    ])
    const [started, opened] = heard<ConnectionTrace>('connection:start', 'connection:open')
    expect(opened).toBe(started)
    expect(opened).toMatchObject({
      origin: `https://host.test:${server.port}`,
      proxy: undefined,
      request: undefined,
      remoteAddress: '127.0.0.1',
      error: undefined,
    })
    const phases = heard<ConnectionPhaseTrace>('connection:phase')
    for (const { connection, phase, duration } of phases) {
      expect(connection).toBe(opened)
      expect(duration).toBe(opened?.phases[phase])
    }
    const [lookup, found] = heard<DNSTrace>('dns:start', 'dns:end')
    expect(found).toBe(lookup)
    expect(found).toMatchObject({
      host: 'host.test',
      addresses: [{ address: '127.0.0.1' }],
      error: undefined,
    })
    expect(found?.endedAt).toBeGreaterThanOrEqual(found?.startedAt ?? Infinity)

    told = []
    expect(await session.get(url).text()).toBe('hello')
    expect(order()).toEqual(['connection:reuse'])
    expect(heard<ConnectionReuseTrace>('connection:reuse')[0]).toMatchObject({ exchanges: 1 })
    await session.get(url, { headers: { Connection: 'close' } }).text()
    told = []
    await session.get(url).text()
    expect(order().slice(0, 2)).toEqual(['connection:start', 'dns:hit'])
  })

  test('tell of a proxy, by its name without the password', async () => {
    await using server = await rawServer(answering(rawResponse('hello')), { tls: localhost })
    await using proxy = await httpProxy({ names: { localhost: '127.0.0.1' } })
    await using session = new ClientSession({
      tls: { ca },
      proxy: `http://ada:secret@127.0.0.1:${proxy.port}`,
    })
    await session.get(`https://localhost:${server.port}/`).text()
    expect(order()).toEqual([
      'connection:start',
      'connection:phase proxy',
      'connection:phase tls',
      'connection:open',
    ])
    const [trace] = heard<ConnectionTrace>('connection:open')
    expect(trace?.proxy).toBe(`http://127.0.0.1:${proxy.port}`)
  })

  test('tell of what does not come about, and of what is given up', async () => {
    await using session = new ClientSession({
      resolver: staticResolver({}),
      mounts: { 'http://never.test': { connect: () => new Promise(() => undefined) } },
    })
    const error = await rejectionOf(session.get('http://gone.test/'))
    expect(order()).toEqual(['connection:start', 'dns:start', 'dns:end', 'connection:error'])
    expect(heard<ConnectionTrace>('connection:error')[0]?.error).toBe(error)
    expect(heard<DNSTrace>('dns:end')[0]).toMatchObject({ addresses: undefined })
    expect(heard<DNSTrace>('dns:end')[0]?.error).toBeInstanceOf(Error)
  })

  test('tell of a wait for a connection, and of its end', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { limit: 1 })
    const { session } = fixture
    const first = session.get('/1').text()
    const second = session.get('/2').text()
    await Promise.all([first, second])
    expect(order()).toEqual([
      'connection:start',
      'pool:wait',
      'connection:open',
      'connection:reuse',
      'pool:end',
    ])
    const [begun, ended] = heard<PoolTrace>('pool:wait', 'pool:end')
    expect(ended).toBe(begun)
    expect(ended).toMatchObject({ origin: 'http://test', error: undefined })
  })

  test('tell of a wait that is given up, with its error', async () => {
    await using fixture = new MemoryFixture(() => undefined, { limit: 1 })
    const { session } = fixture
    const controller = new AbortController()
    const first = rejectionOf(session.get('/1').text())
    const second = rejectionOf(session.get('/2', { signal: controller.signal }))
    await settle()
    controller.abort()
    const error = await second
    expect(heard<PoolTrace>('pool:end')).toMatchObject([{ error }])
    await session.close({ timeout: 0 })
    await first
  })

  test('have the request with them, if somebody listens to requests', async () => {
    const requests: unknown[] = []
    const listen = (message: unknown): void => void requests.push(message)
    subscribe('spool:client:request:start', listen)
    try {
      await using fixture = new MemoryFixture(answer('hello'), { limit: 1 })
      const { session } = fixture
      await Promise.all([session.get('/1').text(), session.get('/2').text()])
      expect(requests).toHaveLength(2)
      expect(heard<ConnectionTrace>('connection:open')[0]?.request).toBe(requests[0])
      expect(heard<PoolTrace>('pool:wait')[0]?.request).toBe(requests[1])
      expect(heard<ConnectionReuseTrace>('connection:reuse')[0]?.request).toBe(requests[1])
    } finally {
      unsubscribe('spool:client:request:start', listen)
    }
  })
})
