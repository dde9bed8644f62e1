import { connect, createServer, type Server, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { rootScope, Scope } from '../../src/concurrency/scope/scope.ts'
import { Waiter } from '../../src/concurrency/scope/waiter.ts'
import { sleep, TaskGroup, taskGroup, timeout } from '../../src/index.ts'
import { checkNoLeaks } from '../../src/testing/check-no-leaks.ts'

async function listening(): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

describe('checkNoLeaks()', () => {
  it('gives what the function returned if nothing is left', async () => {
    expect(await checkNoLeaks(() => 42)).toBe(42)
  })

  it('names a scope and a wait that are left in the root', async () => {
    const scope = new Scope(rootScope)
    let waiter: Waiter<void> | undefined
    const wait = (): void => void (waiter = new Waiter<void>(undefined, rootScope))
    await expect(checkNoLeaks(wait)).rejects.toThrow('Something is left behind: 1 Waiter')
    waiter?.resolve()
    scope.end()
    let left: Scope | undefined
    await expect(checkNoLeaks(() => void (left = new Scope(rootScope)))).rejects.toThrow('1 Scope')
    left?.end()
  })

  it('names a socket and a server that are left open', async () => {
    let server: Server | undefined
    let socket: Socket | undefined
    const check = checkNoLeaks(async () => {
      server = await listening()
      const { port } = server.address() as { port: number }
      socket = connect(port, '127.0.0.1')
      await new Promise((resolve) => socket?.once('connect', resolve))
    })
    await expect(check).rejects.toThrow(/TCPSocketWrap.*TCPServerWrap|TCPServerWrap.*TCPSocketWrap/)
    socket?.destroy()
    await new Promise((resolve) => server?.close(resolve))
  })

  it('waits until a socket that was destroyed is closed', async () => {
    await checkNoLeaks(async () => {
      const server = await listening()
      server.close()
    })
    expect(process.getActiveResourcesInfo()).not.toContain('TCPServerWrap')
  })

  it('names tasks, groups and waits that are left in the scopes that it is called in', async () => {
    await taskGroup(async (group) => {
      const other = group.spawn(() => sleep(Infinity), { name: 'from before' })
      await timeout(5_000, async () => {
        await expect(
          checkNoLeaks(() => void group.spawn(() => sleep(Infinity), { name: 'left' })),
        ).rejects.toThrow('Something is left behind: 1 task "left"')
        await expect(checkNoLeaks(() => void new TaskGroup({ name: 'mine' }))).rejects.toThrow(
          'Something is left behind: 1 task group "mine"',
        )
        await expect(checkNoLeaks(() => void sleep(Infinity).catch(String))).rejects.toThrow(
          '1 Waiter',
        )
        expect(await checkNoLeaks(() => group.spawn(() => 42))).toBe(42)
      })
      expect(other.done).toBe(false)
      group.cancel()
    })
  })
})
