import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { URLList } from '../../../../src/cli/fetch/input/url-list.ts'

async function* noInput(): AsyncGenerator<Uint8Array> {}

async function* input(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

describe('URLList', () => {
  let folder: string
  let path: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spool-list-'))
    path = join(folder, 'urls.txt')
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('lines() numbers the URLs of all arguments in order, without blank lines and comments', async () => {
    await writeFile(path, '# list\n\nhttp://b/\n  # more\nnot a url\n')
    const list = await URLList.open(['http://a/', path, '-', 'ftp://d'], input('http://c/\n'))
    expect((await Array.fromAsync(list.batches())).flat()).toEqual([
      { index: 1, text: 'http://a/', cut: false },
      { index: 2, text: 'http://b/', cut: false },
      { index: 3, text: 'not a url', cut: false },
      { index: 4, text: 'http://c/', cut: false },
      { index: 5, text: 'ftp://d', cut: false },
    ])
    expect([list.read, list.total, list.ended]).toEqual([5, 5, true])
    await list.close()
  })

  it('total is reckoned from the size of the files until the end', async () => {
    const urls = Array.from({ length: 10_000 }, (_, index) => `http://a.example/${index + 10_000}`)
    await writeFile(path, `${urls.join('\n')}\n`)
    const list = await URLList.open([path, 'http://b/'], noInput())
    expect(list.total).toBeUndefined()
    const batches = list.batches()
    await batches.next()
    expect([list.total, list.ended]).toEqual([10_001, false])
    for await (const batch of batches) expect(batch.length).toBeGreaterThan(0)
    expect([list.total, list.ended]).toEqual([10_001, true])
    await list.close()
  })

  it('total is known at once for URLs of the command line, and unknown for standard input', async () => {
    const args = await URLList.open(['http://a/', 'http://b/'], noInput())
    expect(args.total).toBe(2)
    const stdin = await URLList.open(['http://a/', '-'], noInput())
    expect(stdin.total).toBeUndefined()
    await Array.fromAsync(stdin.batches())
    expect(stdin.total).toBe(1)
  })

  it('open() refuses a list that cannot be read', async () => {
    await expect(URLList.open(['http://a/', join(folder, 'none')], noInput())).rejects.toThrow(
      `Cannot read the list "${join(folder, 'none')}": there is no such file`,
    )
    await writeFile(path, '')
    await expect(URLList.open([path, folder], noInput())).rejects.toThrow(
      `Cannot read the list "${folder}": it is a folder`,
    )
  })
})
