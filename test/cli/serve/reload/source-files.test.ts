import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sourceFiles } from '../../../../src/cli/serve/reload/source-files.ts'
import { TemporaryFolder } from '../../../support/processes.ts'

describe('sourceFiles()', () => {
  it('sourceFiles() has programs and what they read, no logs, hidden files or packages', async () => {
    using folder = new TemporaryFolder()
    for (const name of ['routes', 'node_modules', '.git']) mkdirSync(join(folder.path, name))
    for (const name of ['app.ts', 'a.mjs', 'page.html', 'package.json', 'routes/users.tsx']) {
      folder.write(name, '')
    }
    for (const name of ['out.log', '.env.ts', '.git/a.ts', 'node_modules/a.ts', 'data.db']) {
      folder.write(name, '')
    }
    const { files, folders, cut } = await sourceFiles(folder.path)
    expect(Array.from(files.keys()).toSorted()).toEqual([
      'a.mjs',
      'app.ts',
      'package.json',
      'page.html',
      'routes/users.tsx',
    ])
    expect(folders).toEqual([folder.path, join(folder.path, 'routes')])
    expect(cut).toBe(false)
  })

  it('sourceFiles() looks into so many folders and no more', async () => {
    using folder = new TemporaryFolder()
    for (let count = 0; count < 5; count++) mkdirSync(join(folder.path, `folder-${count}`))
    const entered: string[] = []
    const { folders, cut } = await sourceFiles(folder.path, (path) => entered.push(path), 4)
    expect([folders.length, entered.length, cut]).toEqual([4, 4, true])
  })

  it('sourceFiles() of a folder that is not there is empty', async () => {
    const { files } = await sourceFiles('/nowhere/at/all')
    expect(files.size).toBe(0)
  })
})
