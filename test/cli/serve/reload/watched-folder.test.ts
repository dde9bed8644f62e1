import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WatchedFolder } from '../../../../src/cli/serve/reload/watched-folder.ts'
import { TemporaryFolder } from '../../../support/processes.ts'

describe('WatchedFolder', () => {
  let folder: TemporaryFolder
  let watched: WatchedFolder

  beforeEach(async () => {
    folder = new TemporaryFolder()
    for (const name of ['routes', 'node_modules', '.git']) mkdirSync(join(folder.path, name))
    folder.write('app.ts', 'one')
    folder.write('routes/users.ts', 'one')
    watched = await WatchedFolder.open(folder.path)
  })

  afterEach(() => {
    watched[Symbol.dispose]()
    folder[Symbol.dispose]()
  })

  it.each(['app.ts', 'new.ts', 'routes/users.ts', 'routes/new.json', 'page.html'])(
    'changed() tells of %s when it is written',
    async (name) => {
      const changed = watched.changed()
      folder.write(name, 'another')
      expect(await changed).toBe(name)
    },
  )

  it('changed() tells of a file that is gone, and of one that came by another name', async () => {
    rmSync(join(folder.path, 'routes/users.ts'))
    expect(await watched.changed()).toBe('routes/users.ts')
    renameSync(join(folder.path, 'app.ts'), join(folder.path, 'main.ts'))
    expect(await watched.changed()).toBe('main.ts')
  })

  it('changed() tells of files in folders that are new', async () => {
    mkdirSync(join(folder.path, 'views/parts'), { recursive: true })
    folder.write('app.ts', 'two')
    expect(await watched.changed()).toBe('app.ts')
    folder.write('views/parts/head.html', 'head')
    expect(await watched.changed()).toBe('views/parts/head.html')
    expect(watched.cut).toBe(false)
  })

  it('changed() tells of many changes at once a single time, and of those before it is called', async () => {
    for (let count = 0; count < 20; count++) folder.write(`file-${count}.ts`, 'new')
    expect(await watched.changed()).toMatch(/^file-\d+\.ts$/)
    folder.write('app.ts', 'two')
    expect(await watched.changed()).toBe('app.ts')
  })

  it('changed() does not tell of what was touched and is as it was', async () => {
    const link = join(folder.path, 'link.log')
    symlinkSync(join(folder.path, 'app.ts'), link)
    rmSync(link)
    folder.write('app.ts', 'two')
    expect(await watched.changed()).toBe('app.ts')
  })
})
