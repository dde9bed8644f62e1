import { describe, expect, it } from 'vitest'
import { TransferError } from 'spool/client'
import { settle } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import { answer, checkNothingLeft, MemoryFixture } from '../support/memory-server.ts'

describe('ResponsePromise', () => {
  it('starts its request at once', async () => {
    await using fixture = new MemoryFixture()
    const request = fixture.session.get('/')
    expect(fixture.session.statistics()).toMatchObject({ connecting: 1 })
    expect(await request.text()).toBe('hello')
  })

  it('gives the same response to all who await it', async () => {
    await using fixture = new MemoryFixture()
    const request = fixture.session.get('/')
    const [one, two] = await Promise.all([request, request])
    expect(one).toBe(two)
    expect(await request).toBe(one)
    expect(await one.text()).toBe('hello')
  })

  it('gives the same failure to all who await it', async () => {
    await using fixture = new MemoryFixture((peer) => peer.end())
    const request = fixture.session.get('/')
    const [one, two] = await Promise.all([rejectionOf(request), rejectionOf(request)])
    expect(one).toBeInstanceOf(TransferError)
    expect(two).toBe(one)
    expect(await rejectionOf(request)).toBe(one)
    expect(await rejectionOf(request.text())).toBe(one)
  })

  it('reads the body of a response that has come before', async () => {
    await using fixture = new MemoryFixture(answer('{"a":1}'))
    const request = fixture.session.get('/')
    await request
    await settle()
    expect(await request.json()).toEqual({ a: 1 })
    expect(await request.text()).toBe('{"a":1}')
    expect(await request.bytes()).toHaveLength(7)
  })

  it('reads the body for one who also awaits the response', async () => {
    await using fixture = new MemoryFixture()
    const request = fixture.session.get('/')
    const response = request.then(({ status }) => status)
    expect(await request.text()).toBe('hello')
    expect(await response).toBe(200)
  })

  it('whose body is read by a short form gives a response without one', async () => {
    await using fixture = new MemoryFixture()
    const request = fixture.session.get('/')
    const body = request.text()
    const response = await request
    expect(response.status).toBe(200)
    expect(await rejectionOf(response.text())).toMatchObject({
      code: expect.stringMatching(/^SPOOL/),
    })
    expect(await rejectionOf(request.text())).toMatchObject({
      code: expect.stringMatching(/^SPOOL/),
    })
    expect(await body).toBe('hello')
    expect(fixture.session.statistics()).toMatchObject({ idle: 1 })
  })

  it('may be asked for its body later', async () => {
    await using fixture = new MemoryFixture()
    const request = fixture.session.get('/')
    await settle()
    expect(await request.text()).toBe('hello')
  })

  it('takes handlers of rejection as promises do', async () => {
    await using fixture = new MemoryFixture((peer) => peer.end())
    const caught = await fixture.session.get('/').then(undefined, (error: unknown) => error)
    expect(caught).toBeInstanceOf(TransferError)
    expect(await Promise.allSettled([fixture.session.get('/')])).toMatchObject([
      { status: 'rejected' },
    ])
  })

  it('whose response is ignored holds its connection no longer than the session', async () => {
    const fixture = new MemoryFixture((peer) => {
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')
    })
    const response = await fixture.session.get('/')
    expect(response.status).toBe(200)
    await response.close()
    await fixture.session.close()
    await checkNothingLeft(fixture)
  })
})
