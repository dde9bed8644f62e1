import { describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/command-line.ts'
import { CancelledError, taskGroup } from '../../src/index.ts'
import { RawServer } from './raw-server.ts'
import { RecordedStreams } from './recorded-streams.ts'

async function runWith(...args: string[]): Promise<[number, string, string]> {
  const streams = new RecordedStreams()
  const code = await runCommandLine(args, streams)
  return [code, streams.stdout.text, streams.stderr.text]
}

describe('runCommandLine()', () => {
  it('runCommandLine() ends with 2 and one line for bad usage', async () => {
    expect(await runWith()).toEqual([
      2,
      '',
      'spool: Nothing to do: name a command, fetch, get, ws or serve; see spool --help\n',
    ])
    expect(await runWith('dance')).toEqual([
      2,
      '',
      'spool: Unknown command "dance": expected fetch, get, ws or serve; see spool --help\n',
    ])
    expect(await runWith('fetch', '--bogus')).toEqual([2, '', "spool: Unknown option '--bogus'\n"])
  })

  it('runCommandLine() tells its version and its commands', async () => {
    expect(await runWith('--version')).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/), ''])
    for (const option of ['--help', '-h', 'help']) {
      expect(await runWith(option)).toEqual([0, expect.stringContaining('spool fetch'), ''])
    }
  })

  it('runCommandLine() takes help and a command for that command and --help', async () => {
    expect(await runWith('help', 'get')).toEqual(await runWith('get', '--help'))
    expect((await runWith('help', 'dance'))[0]).toBe(2)
    expect(await runWith('-v')).toEqual(await runWith('--version'))
  })

  it('runCommandLine() ends with 1 and one line when the command fails', async () => {
    await using raw = await RawServer.listen((_, socket) => socket.end('nonsense\r\n\r\n'))
    const [code, stdout, stderr] = await runWith('get', raw.base)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^spool: [^\n]+\n$/)
  })

  it('runCommandLine() says what stopped a report that cannot be written', async () => {
    const streams = new RecordedStreams()
    streams.stdout.error = new Error('The disk is full')
    const args = ['fetch', 'nothing://1', 'nothing://2', '--report', '-', '--progress', 'none']
    expect(await runCommandLine(args, streams)).toBe(1)
    expect(streams.stderr.text).toMatch(/spool: The disk is full\n$/)
  })

  it('runCommandLine() leaves cancellation to its caller', async () => {
    await using raw = await RawServer.listen(() => {})
    await taskGroup(async (group) => {
      const task = group.spawn(() => runWith('get', raw.base))
      while (raw.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
      task.cancel()
      await expect(task).rejects.toThrow(CancelledError)
    })
  })
})
