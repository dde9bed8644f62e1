import type { Browser, Page } from 'playwright-core'
import { ClientSession } from 'spool/client'
import { serve, type Server } from 'spool/server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chat } from '../../examples/chat/app.ts'
import { startBrowser } from '../support/browser.ts'
import { turnUntil } from '../support/open-resources.ts'
import { describeWithProgram } from '../support/programs.ts'

let server: Server

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

function linesOf(page: Page): Promise<string[]> {
  return page.getByRole('listitem').allTextContents()
}

async function withSession(talk: (session: ClientSession) => Promise<void>): Promise<void> {
  const session = new ClientSession({ baseUrl: server.url })
  try {
    await talk(session)
  } finally {
    await session.close()
  }
}

beforeEach(async () => {
  server = await serve(chat(), { port: 0, host: '127.0.0.1' })
})

afterEach(async () => {
  await server.close()
  expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
})

describeWithProgram('chromium', 'examples/chat in a browser', (program) => {
  let browser: Browser

  beforeAll(async () => {
    browser = await startBrowser(program)
  }, 30_000)

  afterAll(() => browser.close())

  async function join(name: string, room: string): Promise<Page> {
    const page = await browser.newPage()
    page.setDefaultTimeout(20_000)
    await page.goto(server.url)
    await page.getByLabel('Name').fill(name)
    await page.getByLabel('Room').fill(room)
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByText(`${name} joined`).waitFor()
    return page
  }

  it('two pages in a room see each other come, talk and leave', { timeout: 30_000 }, async () => {
    const ada = await join('Ada', 'engines')
    const alone = await join('Alone', 'lobby')
    await say(ada, 'Is somebody here?')
    await ada.getByText('Ada: Is somebody here?').waitFor()
    const bob = await join('Bob', 'engines')
    const markup = '<img src=x onerror="document.title=1">'
    await say(bob, markup)
    await ada.getByText(`Bob: ${markup}`).waitFor()
    await say(ada, 'Hello, Bob')
    await bob.getByText('Ada: Hello, Bob').waitFor()
    expect(await bob.getByRole('heading').textContent()).toBe('engines: 2 here')
    const talk = ['Ada joined', 'Ada: Is somebody here?', 'Bob joined', `Bob: ${markup}`]
    expect(await linesOf(bob)).toEqual([...talk, 'Ada: Hello, Bob'])
    await bob.close()
    await ada.getByText('Bob left').waitFor()
    expect(await linesOf(ada)).toEqual([...talk, 'Ada: Hello, Bob', 'Bob left'])
    expect(await linesOf(alone)).toEqual(['Alone joined'])
    expect(await ada.title()).toBe('Chat')
    await server.close()
    await ada.getByText(/^Disconnected: ./).waitFor()
    await Promise.all([ada.close(), alone.close()])
  })
})

describe('examples/chat', () => {
  it('keeps the last 50 events of a room, until nobody is there any more', async () => {
    await withSession(async (session) => {
      const ada = await session.websocket('/rooms/a?name=Ada')
      expect(await ada.receiveJson()).toEqual({ kind: 'welcome', name: 'Ada', history: [] })
      for (let count = 0; count < 60; count++) await ada.send(`line ${count}`)
      const texts: unknown[] = []
      while (texts.at(-1) !== 'line 59')
        texts.push((await ada.receiveJson<{ text: string }>()).text)
      const bob = await session.websocket('/rooms/a?name=Ada')
      const { name, history } = await bob.receiveJson<{ name: string; history: object[] }>()
      expect(name).toBe('Ada (2)')
      expect(history).toHaveLength(50)
      expect(history.at(-1)).toMatchObject({ kind: 'said', name: 'Ada', text: 'line 59' })
      await Promise.all([ada.close(), bob.close()])
      await turnUntil(() => server.statistics().active === 0)
      const late = await session.websocket('/rooms/a?name=Late')
      expect(await late.receiveJson()).toMatchObject({ history: [] })
      await late.close()
    })
  })

  it.each(['', '?name=', '?name=%20', `?name=${'x'.repeat(21)}`])(
    'refuses a name such as "%s"',
    async (query) => {
      await withSession(async (session) => {
        await expect(session.websocket(`/rooms/a${query}`)).rejects.toMatchObject({ status: 400 })
      })
    },
  )

  it('says what it is to pages of its own alone', async () => {
    await withSession(async (session) => {
      const page = await session.get('/')
      expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
      expect(await page.text()).toContain('<title>Chat</title>')
      const opening = session.websocket('/rooms/a?name=Eve', {
        headers: { Origin: 'https://elsewhere.example' },
      })
      await expect(opening).rejects.toMatchObject({ status: 403 })
    })
  })
})
