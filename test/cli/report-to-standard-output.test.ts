import { expect, it } from 'vitest'
import { Application, serve, text } from 'spool/server'
import { startProcess } from '../support/processes.ts'

it('spool fetch --report - writes a line for each URL to a pipe, and ends well', async () => {
  const app = new Application().get('/{name}', ({ params }) => text(params.name))
  await using server = await serve(app, { port: 0, host: '127.0.0.1' })
  const urls = Array.from({ length: 50 }, (_, index) => `${server.url}/${index}`)
  const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
  await using command = await startProcess(process.execPath, {
    args: [main, 'fetch', ...urls, '--report', '-', '--progress', 'none'],
  })
  await command.ended()

  const lines = command.output.split('\n').filter((line) => line.startsWith('{'))
  expect(lines.map((line) => (JSON.parse(line) as { status: number }).status)).toEqual(
    Array.from({ length: 50 }, () => 200),
  )
  expect(command.exitCode).toBe(0)
})
