import { expect, it } from 'vitest'
import { ClientSession } from 'spool/client'
import { startProcess, TemporaryFolder } from '../support/processes.ts'
import { describeWithProgram } from '../support/programs.ts'

// It answers in HTTP/1.0 and ends the connection behind each answer, as nothing else does today.
describeWithProgram('python3', 'the client with Python’s http.server', (python) => {
  it('reads answers of HTTP/1.0', async () => {
    using folder = new TemporaryFolder()
    folder.write('hello.txt', 'Hello, Python!')
    folder.write('large.txt', 'x'.repeat(500_000))
    const args = ['-u', '-m', 'http.server', '--bind', '127.0.0.1', '--directory', folder.path, '0']
    await using server = await startProcess(python, { args, ready: /port (\d+)/ })
    await using session = new ClientSession({ baseUrl: `http://127.0.0.1:${server.match[1]}` })
    for (let round = 0; round < 3; round++) {
      expect(await session.get('/hello.txt').text()).toBe('Hello, Python!')
      expect((await session.get('/large.txt').bytes()).byteLength).toBe(500_000)
      const head = await session.head('/hello.txt')
      expect([head.status, head.headers.get('content-length')]).toEqual([200, '14'])
      expect(session.statistics()).toMatchObject({ open: 0 })
      // What it makes of the folder has no length in some versions, and ends with the connection.
      expect(await session.get('/').text()).toContain('hello.txt')
    }
    const missing = await session.get('/nowhere')
    expect([missing.status, (await missing.text()).length > 0]).toEqual([404, true])
    const unknown = await session.options('/hello.txt')
    expect([unknown.status, (await unknown.text()).length > 0]).toEqual([501, true])
    expect(session.statistics()).toMatchObject({ open: 0, active: 0 })
  })
})
