import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { netrcAuth } from 'spool/client'
import { MemoryFixture } from '../support/memory-server.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'netrc-'))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

async function sent(path: string | undefined, ...urls: string[]): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = []
  await using fixture = new MemoryFixture(
    async (peer) => {
      for (;;) {
        seen.push((await peer.request()).headers['authorization'])
        peer.respond()
      }
    },
    { middleware: [netrcAuth(path)] },
  )
  for (const url of urls) await fixture.session.get(url).text()
  return seen
}

describe('netrcAuth()', () => {
  it('sends what the file has for the host', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'machine test login a password b')
    expect(await sent(path, '/', 'http://other/', 'http://x:y@test/')).toEqual([
      `Basic ${Buffer.from('a:b').toString('base64')}`,
      undefined,
      `Basic ${Buffer.from('x:y').toString('base64')}`,
    ])
  })

  it('looks where NETRC says, and needs no file', async () => {
    vi.stubEnv('NETRC', join(folder, 'file'))
    expect(await sent(undefined, '/')).toEqual([undefined])
    await writeFile(join(folder, 'file'), 'default login a password b')
    expect(await sent(undefined, '/')).toEqual([`Basic ${Buffer.from('a:b').toString('base64')}`])
  })
})
