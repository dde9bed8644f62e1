import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeFolder } from '../../../src/cli/fetch/make-folder.ts'
import { TemporaryFolder } from '../../support/processes.ts'

describe('makeFolder()', () => {
  it('makes a folder and those above it, and is content with what is there', async () => {
    using folder = new TemporaryFolder()
    const path = join(folder.path, 'a/b/c')
    await makeFolder(path)
    await makeFolder(path)
    expect(statSync(path).isDirectory()).toBe(true)
  })

  it('gives up where the system says that there is nothing, and never will be', async () => {
    const impossible = existsSync('/proc/self') ? '/proc/spool/out' : '/dev/null/out'
    await expect(makeFolder(impossible)).rejects.toThrow(/ENOENT|ENOTDIR/)
  })

  it('throws what the system throws for a file in the way', async () => {
    using folder = new TemporaryFolder()
    const file = folder.write('file', '')
    await expect(makeFolder(join(file, 'below'))).rejects.toThrow('ENOTDIR')
  })
})
