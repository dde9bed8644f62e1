import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CookieJar } from 'spool/client'
import { Origin } from '../../../src/client/url/origin.ts'
import { rejectionOf } from '../../support/rejection.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('CookieJar', () => {
  it('gives a host its own cookies, those with the longest path first', () => {
    const jar = new CookieJar()
    jar.set('a=1; Path=/', 'http://example.com/')
    jar.set('b=2; Path=/deep', 'http://example.com/')
    jar.set('c=3', 'http://example.com/deep/er')
    expect(jar.get('http://example.com/deep/er')).toBe('b=2; c=3; a=1')
    expect(jar.get('http://example.com/deeper?x=/deep')).toBe('a=1')
    expect(jar.get('http://www.example.com/')).toBe('')
  })

  it('gives a domain cookie to the hosts below, also to those asked before', () => {
    const jar = new CookieJar()
    expect(jar.get('http://a.example.com/')).toBe('')
    jar.set('x=1; Domain=example.com', 'http://b.example.com/')
    jar.set('y=1; Path=/', 'http://a.example.com/')
    expect(jar.get('http://a.example.com/')).toBe('x=1; y=1')
    jar.set('x=2; Domain=example.com', 'http://example.com/')
    expect(jar.get('http://a.example.com/')).toBe('x=2; y=1')
    expect(jar.get('http://badexample.com/')).toBe('')
  })

  it.each([
    ['a public suffix', 'a=1; Domain=co.uk', 'http://example.co.uk/'],
    ['another domain', 'a=1; Domain=example.org', 'http://example.com/'],
    ['a domain below', 'a=1; Domain=www.example.com', 'http://example.com/'],
    ['no name', '=1', 'http://example.com/'],
    ['Secure from a place that is not', 'a=1; Secure', 'http://example.com/'],
    ['__Secure- without Secure', '__secure-a=1', 'https://example.com/'],
    [
      '__Host- with a domain',
      '__HOST-a=1; Secure; Path=/; Domain=example.com',
      'https://example.com/',
    ],
    ['__Host- without a path', '__Host-a=1; Secure', 'https://example.com/'],
    ['too much', `a=${'x'.repeat(4096)}`, 'http://example.com/'],
  ])('refuses %s', (_, setCookie, url) => {
    const jar = new CookieJar()
    expect(jar.set(setCookie, url)).toBe(false)
    expect([...jar]).toEqual([])
    expect(jar.empty).toBe(true)
  })

  it.each([
    ['__Host-a=1; Secure; Path=/', 'https://example.com/'],
    ['a=1; Secure', 'http://localhost:8080/'],
    ['a=1', 'http://127.0.0.1:8080/'],
    ['a=1', 'http://test/'],
    ['a=1', 'http://api/'],
    ['a=1', 'http://[::1]:8080/'],
  ])('takes %s from %s', (setCookie, url) => {
    const jar = new CookieJar()
    expect(jar.set(setCookie, url)).toBe(true)
    expect(jar.get(url)).toMatch(/a=1$/)
  })

  it('takes none from an address without ipHosts', () => {
    const jar = new CookieJar({ ipHosts: false })
    expect(jar.set('a=1', 'http://192.0.2.1/')).toBe(false)
    expect(jar.set('a=1', 'http://[2001:db8::1]/')).toBe(false)
    expect(jar.set('a=1', 'http://1.example.com/')).toBe(true)
  })

  it('sends a Secure cookie to secure origins alone, and lets nothing else hide it', () => {
    const jar = new CookieJar()
    jar.set('a=safe; Secure; Domain=example.com', 'https://example.com/')
    expect(jar.get('https://example.com/')).toBe('a=safe')
    expect(jar.get('http://example.com/')).toBe('')
    expect(jar.set('a=stolen', 'http://www.example.com/')).toBe(false)
    expect(jar.set('a=stolen; Domain=example.com', 'http://www.example.com/')).toBe(false)
    expect(jar.get('https://www.example.com/')).toBe('a=safe')
  })

  it('drops a cookie whose time is up', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-01-01T00:00:00Z') })
    const jar = new CookieJar()
    jar.set('a=1; Max-Age=10', 'http://example.com/')
    jar.set('b=2', 'http://example.com/')
    expect(jar.get('http://example.com/')).toBe('a=1; b=2')
    expect(jar.size).toBe(2)
    vi.setSystemTime(new Date('2026-01-01T00:00:10Z'))
    expect(jar.get('http://example.com/')).toBe('b=2')
    expect(jar.size).toBe(1)
    jar.set('b=; Max-Age=0', 'http://example.com/')
    expect(jar.get('http://example.com/')).toBe('')
    expect(jar.size).toBe(0)
  })

  it('keeps 180 of a domain, the newest, and leaves other domains alone', () => {
    const jar = new CookieJar()
    jar.set('a=1', 'http://example.org/')
    for (let index = 0; index < 200; index++) jar.set(`n${index}=1`, 'http://example.com/')
    expect(jar.size).toBe(181)
    expect(jar.get('http://example.com/')).toMatch(/^n20=1; n21=1; .*; n199=1$/)
    expect(jar.get('http://example.org/')).toBe('a=1')
  })

  it('keeps 3,300 in all, and the newest 3,000 when there are more', () => {
    const jar = new CookieJar()
    for (let index = 0; index < 3301; index++) jar.set('a=1', `http://host${index}.example.com/`)
    expect(jar.size).toBe(3000)
    expect(jar.get('http://host3300.example.com/')).toBe('a=1')
    expect(jar.get('http://host301.example.com/')).toBe('a=1')
    expect(jar.get('http://host300.example.com/')).toBe('')
  })

  it('filterCookies() and iteration give cookies with what was said of them', () => {
    const jar = new CookieJar()
    jar.set(
      'a=1; HttpOnly; SameSite=Lax; Expires=Wed, 01 Jan 2070 00:00:00 GMT',
      'http://example.com/x/y',
    )
    jar.set('b=2; Secure; Domain=example.com; Path=/', 'https://example.com/')
    const a = {
      name: 'a',
      value: '1',
      domain: 'example.com',
      hostOnly: true,
      path: '/x',
      expires: new Date('2070-01-01T00:00:00Z'),
      secure: false,
      httpOnly: true,
      sameSite: 'lax',
    }
    expect(jar.filterCookies('http://example.com/x')).toEqual([a])
    expect([...jar]).toEqual([
      a,
      expect.objectContaining({ name: 'b', hostOnly: false, expires: undefined, secure: true }),
    ])
    expect(String(jar)).toBe('CookieJar(2 cookies)')
  })

  it('clear() drops all, or those that are named', () => {
    const jar = new CookieJar()
    jar.set('a=1', 'http://example.com/')
    jar.set('b=2', 'http://example.com/')
    expect(jar.get('http://example.com/')).toBe('a=1; b=2')
    jar.clear(({ name }) => name === 'a')
    expect(jar.get('http://example.com/')).toBe('b=2')
    jar.clear()
    expect(jar.get('http://example.com/')).toBe('')
    expect(jar.empty).toBe(true)
  })

  it('gives nothing that would end a header', () => {
    const jar = new CookieJar()
    jar.set('a=1\r\nX-Evil: 1', 'http://example.com/')
    jar.set('b=grün→', 'http://example.com/')
    const line = jar.lineFor(new Origin(new URL('http://example.com')), '/?query')
    expect(line).not.toMatch(/[\r\n]|X-Evil/)
    expect(Buffer.from(line, 'latin1').toString()).toContain('b=grün→')
    expect(jar.get('http://example.com/')).toContain('b=grün→')
  })
})

describe('CookieJar.save() and load()', () => {
  it('keep all that has not expired, in a file that is the owner’s alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jar-'))
    try {
      const path = join(folder, 'cookies.json')
      const jar = new CookieJar()
      jar.set('a=1; Max-Age=1000; Domain=example.com', 'http://example.com/')
      jar.set('b=2; Secure; Path=/x', 'https://example.com/')
      jar.set('old=1; Max-Age=0', 'http://example.com/')
      await writeFile(path, 'what was there', { mode: 0o644 })
      await jar.save(path)
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      expect(await readdir(folder)).toEqual(['cookies.json'])
      const loaded = await CookieJar.load(path)
      expect([...loaded]).toEqual([...jar])
      expect(loaded.size).toBe(2)
      expect(loaded.get('https://www.example.com/x')).toBe('a=1')
      expect(loaded.get('https://example.com/x')).toBe('b=2; a=1')
      expect(loaded.set('a=1; Domain=co.uk', 'http://example.co.uk/')).toBe(false)
      expect(await readFile(path, 'utf8')).not.toContain('old')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('load() gives an empty jar without a file, and refuses one that is something else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jar-'))
    try {
      expect((await CookieJar.load(join(folder, 'none'))).empty).toBe(true)
      const path = join(folder, 'other.json')
      for (const text of ['', '{', '[]', 'null', '{"version":2,"cookies":[]}']) {
        await writeFile(path, text)
        const error = await rejectionOf(CookieJar.load(path))
        expect(error).toBeInstanceOf(SyntaxError)
        expect((error as Error).message).toBe(
          `Cannot load cookies from ${JSON.stringify(path)}: unknown format`,
        )
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
