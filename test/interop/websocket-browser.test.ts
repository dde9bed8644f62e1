/** The server as browsers see it: the WebSocket of Chromium against ours. */
import { randomBytes } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { Application, html, serve, type Server } from 'spool/server'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { turnUntil } from '../support/open-resources.ts'
import { describeWithProgram } from '../support/programs.ts'

/** What a page sends, and how it ends: nothing, until the server closes. */
interface Talk {
  path: string
  protocols?: string[]
  texts?: string[]
  /** Sizes of binary messages. */
  sizes?: number[]
  close?: [code: number, reason: string]
}

interface Told {
  opened: boolean
  protocol: string
  extensions: string
  /** Text as it is, of bytes what they sum up to. */
  messages: (string | number)[]
  code: number
  reason: string
  wasClean: boolean
}

// Runs in the page: it can refer to nothing out here.
function talkInPage({ path, protocols = [], texts = [], sizes = [], close }: Talk): Promise<Told> {
  const ws = new WebSocket(path, protocols)
  ws.binaryType = 'arraybuffer'
  const messages: (string | number)[] = []
  let opened = false
  return new Promise((resolve) => {
    const finish = (): void => {
      if (close === undefined || messages.length < texts.length + sizes.length) return
      ws.close(...close)
    }
    ws.addEventListener('open', () => {
      opened = true
      for (const text of texts) ws.send(text)
      for (const size of sizes) ws.send(new Uint8Array(size).map((_, index) => index))
      finish()
    })
    ws.addEventListener('message', ({ data }: { data: string | ArrayBuffer }) => {
      const bytes = typeof data === 'string' ? [] : new Uint8Array(data)
      let sum = 0
      for (const byte of bytes) sum += byte
      messages.push(typeof data === 'string' ? data : sum)
      finish()
    })
    ws.addEventListener('close', ({ code, reason, wasClean }) => {
      const { protocol, extensions } = ws
      resolve({ opened, protocol, extensions, messages, code, reason, wasClean })
    })
  })
}

describeWithProgram('chromium', 'the WebSocket of a browser', (program) => {
  let browser: Browser
  let page: Page
  let server: Server
  let endings: unknown[]

  beforeAll(async () => {
    browser = await startBrowser(program)
    page = await browser.newPage()
  }, 30_000)

  afterAll(() => browser.close())

  beforeEach(async () => {
    endings = []
    const app = new Application().get('/', () => html('<!doctype html><title>Page</title>'))
    for (const compression of [false, true]) {
      app.websocket(
        compression ? '/deflate' : '/echo',
        async (ws) => {
          try {
            for await (const message of ws) await ws.send(message)
          } finally {
            const { closeCode, reason, wasClean, closedBy } = ws.ending ?? {}
            endings.push([closeCode, reason, wasClean, closedBy])
          }
        },
        { compression, subprotocols: ['chat.2', 'chat.1'], maxMessageSize: 8 * 2 ** 20 },
      )
    }
    app
      .websocket('/close', (ws) => ws.close(4001, 'déjà vu'))
      .websocket('/throw', () => {
        throw new TypeError('a mistake')
      })
      .websocket('/small', async (ws) => void (await ws.receive()), { maxMessageSize: 100 })
    server = await serve(app, { port: 0, host: '127.0.0.1', onError: () => {} })
    await page.goto(server.url)
  })

  afterEach(async () => {
    await turnUntil(() => server.statistics().active === 0)
    await page.goto('about:blank')
    await server.close()
    expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
  })

  function talk(what: Talk): Promise<Told> {
    return page.evaluate(talkInPage, {
      ...what,
      path: server.url.replace('http', 'ws') + what.path,
    })
  }

  it.each([
    ['/echo', ''],
    ['/deflate', 'permessage-deflate'],
  ])('%s sends back text and bytes, small and large', async (path, extension) => {
    const texts = [
      '',
      'hello',
      'grüße 🎉',
      'x'.repeat(200_000),
      randomBytes(1_500_000).toString('hex'),
    ]
    const sizes = [0, 1, 125, 126, 65_535, 65_536, 2 ** 20]
    const told = await talk({ path, texts, sizes, close: [3_000, 'done'] })
    expect(told).toMatchObject({
      opened: true,
      protocol: '',
      code: 3_000,
      wasClean: true,
    })
    expect(told.extensions.split(';')[0]).toBe(extension)
    const sums = sizes.map((size) =>
      new Uint8Array(size).map((_, at) => at).reduce((a, b) => a + b, 0),
    )
    expect(
      told.messages.map((message) => (typeof message === 'string' ? message.length : message)),
    ).toEqual([...texts.map((text) => text.length), ...sums])
    expect(told.messages.slice(0, texts.length)).toEqual(texts)
    await turnUntil(() => endings.length === 1)
    expect(endings).toEqual([[3_000, 'done', true, 'remote']])
  })

  it('a subprotocol that both speak is chosen', async () => {
    const protocols = ['chat.1', 'chat.3']
    expect(await talk({ path: '/echo', protocols, close: [1_000, ''] })).toMatchObject({
      opened: true,
      protocol: 'chat.1',
      code: 1_000,
    })
  })

  it.each<[string, Partial<Talk>, number, string]>([
    ['/close', {}, 4_001, 'déjà vu'],
    ['/throw', {}, 1_011, ''],
    ['/small', { texts: ['x'.repeat(101)] }, 1_009, expect.any(String) as string],
    ['/small', { texts: ['x'] }, 1_000, ''],
  ])('%s is seen to close as it does, after %j', async (path, what, code, reason) => {
    expect(await talk({ path, ...what })).toMatchObject({
      opened: true,
      code,
      reason,
      wasClean: true,
    })
  })

  it('the end of the server is seen as 1001', async () => {
    const told = talk({ path: '/echo', texts: ['hello'], close: undefined as never })
    await turnUntil(() => server.statistics().active === 1)
    await server.close()
    expect(await told).toMatchObject({ code: 1_001, wasClean: true })
  })

  it('a page of another origin does not get in', async () => {
    await page.goto(server.url.replace('127.0.0.1', 'localhost'))
    expect(await talk({ path: '/echo' })).toMatchObject({ opened: false, code: 1_006 })
  })

  it('a page that goes away ends its connection', async () => {
    void page
      .evaluate(talkInPage, { path: `${server.url.replace('http', 'ws')}/echo` })
      .catch(() => {})
    await turnUntil(() => server.statistics().active === 1)
    await page.goto('about:blank')
    await turnUntil(() => endings.length === 1)
    expect(endings).toEqual([[1_001, '', true, 'remote']])
  })
})
