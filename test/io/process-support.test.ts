import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startNginx, startProcess, TemporaryFolder } from '../support/processes.ts'
import { describeWithProgram } from '../support/programs.ts'
import { rawClient } from '../support/raw-client.ts'

const stubborn = `
process.on('SIGTERM', () => {})
require('node:net').createServer((socket) => socket.end('hi')).listen(0, '127.0.0.1', function () {
  console.log('port ' + this.address().port)
})`

test('startProcess() waits for the line that it is told, and stop() ends who ignores SIGTERM', async () => {
  const program = await startProcess(process.execPath, {
    args: ['-e', stubborn],
    ready: /port (\d+)/,
  })
  await using connection = await rawClient({ port: Number(program.match[1]) })
  expect(await connection.readAll()).toBe('hi')
  await program.stop(50)
  expect(program.running).toBe(false)
  expect(program.exitCode).toBeUndefined()
})

test('startProcess() fails with the output of a program that ends at once', async () => {
  const args = ['-e', 'console.error("no way"); process.exitCode = 3']
  await expect(startProcess(process.execPath, { args, ready: /never/ })).rejects.toThrow('no way')
})

test('startProcess() fails for a program that is not there', async () => {
  await expect(startProcess('/nowhere/program', { ready: /never/ })).rejects.toThrow('ENOENT')
})

test('TemporaryFolder removes itself', () => {
  const folder = new TemporaryFolder()
  const file = folder.write('a', 'text')
  expect(existsSync(file)).toBe(true)
  folder[Symbol.dispose]()
  expect(existsSync(folder.path)).toBe(false)
})

describeWithProgram('nginx', 'startNginx()', (program) => {
  test('serves until it is disposed', async () => {
    let port: number
    {
      await using nginx = await startNginx(program, 'location / { return 200 "fine"; }')
      port = nginx.port
      await using connection = await rawClient({ port })
      await connection.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      expect((await connection.message()).body.toString()).toBe('fine')
    }
    await expect(rawClient({ port })).rejects.toThrow('ECONNREFUSED')
  })
})
