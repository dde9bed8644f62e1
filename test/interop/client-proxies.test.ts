import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClientSession } from 'spool/client'
import { certificates } from '../support/certificates.ts'
import {
  freePort,
  type RunningProcess,
  startProcess,
  TemporaryFolder,
} from '../support/processes.ts'
import { describeWithProgram } from '../support/programs.ts'
import { answering, rawResponse, type RawServer, rawServer } from '../support/raw-server.ts'

const { ca, localhost } = certificates

describeWithProgram('tinyproxy', 'the client through tinyproxy', (program) => {
  const folder = new TemporaryFolder()
  const proxies: RunningProcess[] = []
  let plain: RawServer
  let secure: RawServer
  let open: string
  let closed: string

  async function start(rules: string): Promise<string> {
    const port = await freePort()
    const config = folder.write(
      `tinyproxy-${port}.conf`,
      `Port ${port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nLogLevel Critical\n${rules}\n`,
    )
    proxies.push(await startProcess(program, { args: ['-d', '-c', config], port }))
    return `127.0.0.1:${port}`
  }

  beforeAll(async () => {
    plain = await rawServer(answering(rawResponse('plain')))
    secure = await rawServer(answering(rawResponse('secure')), { tls: localhost })
    open = await start('Allow 127.0.0.1')
    closed = await start('Allow 127.0.0.1\nBasicAuth ada secret')
  })

  afterAll(async () => {
    for (const proxy of proxies) await proxy.stop()
    await plain.close()
    await secure.close()
    folder[Symbol.dispose]()
  })

  it('gets http and https', async () => {
    await using session = new ClientSession({ proxy: `http://${open}`, tls: { ca } })
    for (let count = 0; count < 3; count++) {
      expect(await session.get(plain.origin).text()).toBe('plain')
      expect(await session.get(`https://localhost:${secure.port}`).text()).toBe('secure')
    }
    const large = 'x'.repeat(500_000)
    expect(await session.post(secure.origin, { body: large }).text()).toBe('secure')
  })

  it('says who it is, and says so if that is not enough', async () => {
    await using session = new ClientSession({ proxy: `http://ada:secret@${closed}`, tls: { ca } })
    expect(await session.get(plain.origin).text()).toBe('plain')
    expect(await session.get(secure.origin).text()).toBe('secure')
    const proxy = `http://${closed}`
    for (const { origin } of [plain, secure]) {
      await expect(session.get(origin, { proxy })).rejects.toMatchObject({
        code: 'SPOOL_CONNECT',
        phase: 'proxy',
        status: 407,
      })
    }
  })

  it('is used for all hosts but those that are mounted without it', async () => {
    await using session = new ClientSession({
      mounts: {
        'all://': { proxy: { url: `http://${open}` } },
        'all://127.0.0.1': { proxy: false },
      },
      tls: { ca },
    })
    expect(await session.get(plain.origin).text()).toBe('plain')
    expect(await session.get(`https://localhost:${secure.port}`).text()).toBe('secure')
  })
})

describeWithProgram('microsocks', 'the client through microsocks', (program) => {
  const proxies: RunningProcess[] = []
  let plain: RawServer
  let secure: RawServer
  let open: string
  let closed: string

  async function start(...rules: string[]): Promise<string> {
    const port = await freePort()
    const args = ['-i', '127.0.0.1', '-p', String(port), ...rules]
    proxies.push(await startProcess(program, { args, port }))
    return `127.0.0.1:${port}`
  }

  beforeAll(async () => {
    plain = await rawServer(answering(rawResponse('plain')))
    secure = await rawServer(answering(rawResponse('secure')), { tls: localhost })
    open = await start()
    closed = await start('-u', 'ada', '-P', 'secret')
  })

  afterAll(async () => {
    for (const proxy of proxies) await proxy.stop()
    await plain.close()
    await secure.close()
  })

  it.each(['socks5', 'socks5h'])('gets http and https by %s', async (scheme) => {
    await using session = new ClientSession({ proxy: `${scheme}://${open}`, tls: { ca } })
    expect(await session.get(plain.origin).text()).toBe('plain')
    expect(await session.get(`https://localhost:${secure.port}`).text()).toBe('secure')
    await expect(session.get('http://127.0.0.1:1/')).rejects.toMatchObject({ phase: 'proxy' })
  })

  it('says who it is, and says so if that is not enough', async () => {
    await using session = new ClientSession({ proxy: `socks5://ada:secret@${closed}` })
    expect(await session.get(plain.origin).text()).toBe('plain')
    for (const proxy of [`socks5://${closed}`, `socks5://ada:wrong@${closed}`]) {
      await expect(session.get(plain.origin, { proxy })).rejects.toMatchObject({ phase: 'proxy' })
    }
  })
})
