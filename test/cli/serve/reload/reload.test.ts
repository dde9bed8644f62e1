import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serveCommand } from '../../../../src/cli/serve/command.ts'
import { ClientSession } from '../../../../src/client/index.ts'
import { type RunningProcess, startProcess, TemporaryFolder } from '../../../support/processes.ts'
import { RecordedStreams } from '../../recorded-streams.ts'

const main = new URL('../../../../src/cli/main.ts', import.meta.url).pathname
const server = new URL('../../../../src/server/index.ts', import.meta.url).href
const ready = /Serving \S+ at (http\S+), with reload\n/

function program(answer: string): string {
  return `import { Application, text } from '${server}'
  export default new Application()
    .get('/', () => text('${answer} ' + process.pid))
    .get('/slow', ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))))`
}

async function get(url: string): Promise<string[]> {
  await using session = new ClientSession()
  return (await session.get(url).text()).split(' ')
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('spool serve --reload', { timeout: 30_000 }, () => {
  let folder: TemporaryFolder
  let running: RunningProcess
  let url: string

  beforeEach(async () => {
    folder = new TemporaryFolder()
    const app = folder.write('app.ts', program('one'))
    const args = [main, 'serve', app, '--port', '0', '--reload']
    running = await startProcess(process.execPath, { args, ready, timeout: 20_000 })
    url = running.match[1] as string
  })

  afterEach(async () => {
    await running.stop(8_000)
    folder[Symbol.dispose]()
  })

  it('starts the program anew at the same address when its file changes, and looks on while it has a mistake', async () => {
    const slow = expect(get(`${url}/slow`)).rejects.toThrow('Connection ended before the response')
    const [first, pid] = await get(url)
    folder.write('app.ts', 'export default function (')
    await running.untilOutput(/app\.ts ended with code 1: waiting for a change\n/)
    await gone(Number(pid))
    await slow
    folder.write('app.ts', program('two'))
    await running.untilOutput(/Restarted.*\n/)
    const [second, next] = await get(url)
    expect([first, second]).toEqual(['one', 'two'])
    const app = `${folder.path}/app.ts`
    expect(running.output.slice(running.match[0].length).split('\n')).toEqual([
      expect.stringMatching(/^spool: Loading ".*app\.ts" failed: .* \(.*app\.ts:1\)$/),
      `${app} ended with code 1: waiting for a change`,
      `Restarted ${app} at ${url}: app.ts has changed`,
      '',
    ])
    running.signal('SIGINT')
    await running.ended()
    expect(running.exitCode).toBe(130)
    await gone(Number(next))
  })

  it('leaves no program behind when it is killed', async () => {
    const [, pid] = await get(url)
    running.signal('SIGKILL')
    await running.ended()
    await gone(Number(pid))
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
  })
})

describe('serveCommand()', () => {
  it('serveCommand() refuses to reload a folder', async () => {
    using folder = new TemporaryFolder()
    await expect(serveCommand([folder.path, '--reload'], new RecordedStreams())).rejects.toThrow(
      `Cannot use --reload: files of "${folder.path}" are served as they are anyway`,
    )
  })
})
