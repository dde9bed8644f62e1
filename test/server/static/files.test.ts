import fc from 'fast-check'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Application, files, type FilesOptions } from 'spool/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { openFilesBelow } from '../../support/descriptors.ts'
import { get } from '../../support/requests.ts'
import { turnUntil } from '../../support/open-resources.ts'

let folder: string
let root: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-files-'))
  root = join(folder, 'root')
  await mkdir(join(root, 'sub/deep'), { recursive: true })
  await mkdir(join(root, 'bare'))
  await mkdir(join(folder, 'root-beside'))
  await writeFile(join(folder, 'secret.txt'), 'SECRET')
  await writeFile(join(folder, 'root-beside/secret.txt'), 'SECRET')
  await writeFile(join(root, 'a.txt'), 'A')
  await writeFile(join(root, 'ä b.txt'), 'umlaut')
  await writeFile(join(root, '.hidden'), 'SECRET')
  await writeFile(join(root, 'index.html'), 'index')
  await writeFile(join(root, 'sub/index.html'), 'sub index')
  await writeFile(join(root, 'sub/deep/b.css'), 'css')
  await writeFile(join(root, `bare/<b>&"'.txt`), 'x')
  await writeFile(join(root, 'bare/.hidden'), 'x')
  await symlink(join(root, 'a.txt'), join(root, 'inner-link'))
  await symlink(join(folder, 'secret.txt'), join(root, 'outer-link'))
  await symlink(folder, join(root, 'outer-folder'))
  await symlink(join(root, 'loop'), join(root, 'loop'))
  await symlink(root, join(folder, 'root-link'))
})

afterAll(() => rm(folder, { recursive: true }))

/** Sends the path as it is, which `fetch()` would not. */
async function ask(path: string, options?: FilesOptions, base = root): Promise<string> {
  const app = new Application().get('/s/{path*}', files(base, options))
  const server = new MemoryServer(app)
  const client = server.connect()
  await client.send(get(`/s/${path}`))
  await turnUntil(() => client.count > 0 && server.host.statistics().active === 0)
  const [head = '', body = ''] = client.take().split('\r\n\r\n')
  await client.end()
  server.host.end()
  expect(server.errors).toEqual([])
  const location = /location: (.*)/.exec(head)?.[1]
  return [head.split(' ')[1], ...(location === undefined ? [] : [location]), body].join(' ')
}

test.each([
  ['a.txt', '200 A'],
  ['a.txt?x', '200 A'],
  ['%61.txt', '200 A'],
  ['%C3%A4%20b.txt', '200 umlaut'],
  ['', '200 index'],
  ['sub', '308 /s/sub/ '],
  ['sub?a=b', '308 /s/sub/?a=b '],
  ['sub/', '200 sub index'],
  ['sub/deep/b.css', '200 css'],
  ['sub/deep', '308 /s/sub/deep/ '],
  ['sub/deep/', '404 Not Found'],
  ['bare/', '404 Not Found'],
  ['inner-link', '200 A'],
  ['a.txt/', '404 Not Found'],
  ['a.txt/b', '404 Not Found'],
  ['none', '404 Not Found'],
  ['A.TXT', '404 Not Found'],
])('files() answers %j with %j', async (path, expected) => {
  expect(await ask(path)).toBe(expected)
})

test.each([
  '../secret.txt',
  '..%2fsecret.txt',
  '%2e%2e/secret.txt',
  '%2e%2e%2fsecret.txt',
  '.%2e/secret.txt',
  '..%5csecret.txt',
  '..\\secret.txt',
  '..%255csecret.txt',
  '%252e%252e/secret.txt',
  '..%c0%afsecret.txt',
  '..;/secret.txt',
  'sub/../../secret.txt',
  'sub/%2e%2e/%2e%2e/secret.txt',
  '/etc/passwd',
  '//etc/passwd',
  '%2fetc/passwd',
  '../root-beside/secret.txt',
  'a.txt%00.html',
  'a.txt%00',
  '%00',
  '.hidden',
  'sub/../.hidden',
  'outer-link',
  'outer-folder/secret.txt',
  'outer-folder/',
  'loop',
  'c:/windows/win.ini',
  'C%3A%5Cwindows',
  'nul',
  'con.txt',
  'a.txt::$DATA',
  'a.txt.',
  'a.txt%20',
  '%5c%5cserver%5cshare',
  'sub//deep/b.css',
  './a.txt',
  'sub/./deep/b.css',
])('files() answers %j with 404 or 400, and no byte of it', async (path) => {
  expect(await ask(path)).toMatch(/^(?:404 Not Found|400 )/)
})

test('files() never gives what is outside, however the path is spelt', async () => {
  const app = new Application().get('/{path*}', files(root, { listing: true, dotfiles: 'allow' }))
  await rm(join(root, '.hidden'))
  const words =
    '.. . / // \\ %2e %2E %2f %5c %5C %00 %252f %c0%ae secret.txt root root-beside outer-folder ' +
    'outer-link sub deep a.txt %61 ; : %3a ~ * $ %20 + %ff % loop bare c:'
  const spellings = fc.constantFrom(...words.split(' '))
  const server = new MemoryServer(app)
  const path = fc.array(spellings, { minLength: 1, maxLength: 10 }).map((all) => all.join(''))
  await fc.assert(
    fc.asyncProperty(path, async (path) => {
      const client = server.connect()
      await client.send(get(`/${path}`))
      await turnUntil(() => client.count > 0 || client.ended)
      await turnUntil(() => server.host.statistics().active === 0)
      const text = client.take()
      expect(text).not.toContain('SECRET')
      expect(text).not.toContain('secret.txt</a>')
      expect(text).not.toMatch(/HTTP\/1\.1 5/)
      client.transport.destroy()
      await turnUntil(() => server.host.statistics().connections === 0)
    }),
    { numRuns: 500 },
  )
  expect(server.errors).toEqual([])
  server.host.end()
  await writeFile(join(root, '.hidden'), 'SECRET')
  expect(openFilesBelow(folder)).toEqual([])
})

test('files() takes a root that is a link, or relative, or ends in a slash', async () => {
  expect(await ask('a.txt', {}, join(folder, 'root-link'))).toBe('200 A')
  expect(await ask('a.txt', {}, `${root}/`)).toBe('200 A')
  expect(await ask('../secret.txt', {}, join(folder, 'root-link'))).toMatch(/^404/)
})

test('files() follows links as it is told', async () => {
  expect(await ask('outer-link', { links: 'follow' })).toBe('200 SECRET')
  expect(await ask('outer-folder/secret.txt', { links: 'follow' })).toBe('200 SECRET')
  expect(await ask('inner-link', { links: 'refuse' })).toBe('404 Not Found')
  expect(await ask('sub/deep/b.css', { links: 'refuse' })).toBe('200 css')
  expect(await ask('sub/', { links: 'refuse' })).toBe('200 sub index')
})

test('files() lists a folder only if it is told to, without what it would not serve', async () => {
  const listing = await ask('bare/', { listing: true })
  expect(listing).toContain('<h1>Index of /bare/</h1>')
  expect(listing).toContain('<a href="../">')
  expect(listing).toContain(`<a href="./%3Cb%3E%26%22&#39;.txt">&#60;b&#62;&#38;&#34;&#39;.txt</a>`)
  expect(listing).not.toContain('hidden')
  expect(await ask('', { listing: true })).toBe('200 index')
  const top = await ask('', { listing: true, index: false })
  expect(top).toContain('<a href="./sub/">sub/</a>')
  expect(top).not.toContain('../')
})

test('files() gives dotfiles, another index or none as it is told', async () => {
  expect(await ask('.hidden', { dotfiles: 'allow' })).toBe('200 SECRET')
  expect(await ask('sub/deep/', { index: 'b.css' })).toBe('200 css')
  expect(await ask('sub/', { index: false })).toBe('404 Not Found')
})

test('files() tells the server of a root that is not there, and tries again', async () => {
  const late = join(folder, 'late')
  const app = new Application().get('/{path*}', files(late))
  const server = new MemoryServer(app)
  const client = server.connect()
  await client.send(get('/a.txt'))
  await turnUntil(() => client.count === 1)
  expect(client.statuses()).toEqual([500])
  expect(String(server.errors)).toContain(`Cannot serve folder "${late}"`)
  await mkdir(late)
  await writeFile(join(late, 'a.txt'), 'late')
  await client.send(get('/a.txt'))
  await turnUntil(() => client.count === 1)
  expect(client.take()).toMatch(/late$/)
  await client.end()
  server.host.end()
})

test('files() refuses options that do not exist', () => {
  const options = { indexes: true } as FilesOptions
  expect(() => files('.', options)).toThrow('Unknown option "indexes" of files()')
})
