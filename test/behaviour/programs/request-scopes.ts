// Requests over real sockets: each has its scope, and nothing outside of it does. Run with --expose-gc.
// Says "ok", or what is wrong.
import { connect } from 'node:net'

const wrong: string[] = []

// What anybody begins from a request's scope, and not for the request, would hold it and run in it.
const timers = globalThis as unknown as Record<string, (fn: () => void, delay?: number) => unknown>
let outside: () => boolean = () => true
for (const name of ['setTimeout', 'setImmediate']) {
  const original = timers[name]!
  timers[name] = (callback, delay) => {
    if (!outside()) wrong.push(`${name} was called inside of a scope`)
    return original(callback, delay)
  }
}

const { AsyncEvent } = await import('../../../src/index.ts')
const { text } = await import('../../../src/server/index.ts')
const { listen } = await import('../../../src/io/listener.ts')
const { enclosingScope, outsideScopes } = await import('../../../src/concurrency/scope/context.ts')
const { rootScope } = await import('../../../src/concurrency/scope/scope.ts')
const { ConnectionHost } = await import('../../../src/server/connection/connection-host.ts')
const { destinationOf } = await import('../../../src/server/connection/destination.ts')
outside = () => enclosingScope() === undefined

const later = new AsyncEvent()
const scopes: WeakRef<object>[] = []

const destination = destinationOf((request) => {
  const { scope } = request
  scopes.push(new WeakRef(scope as object))
  if (enclosingScope() !== scope) wrong.push('a handler is not in its scope')
  if (request.target === '/now') return text('now')
  return (async () => {
    await later.wait()
    if (enclosingScope() !== scope) wrong.push('a handler is not in its scope after an await')
    return text('later')
  })()
})
const host = new ConnectionHost({ destination: () => destination }, {}, rootScope)
let chunks = 0
const listener = await listen({ host: '127.0.0.1', port: 0 }, (transport) => {
  const start = transport.start.bind(transport)
  transport.start = (sink) => {
    const data = sink.data.bind(sink)
    sink.data = (bytes, shared) => {
      chunks++
      if (!outside()) wrong.push('bytes came inside of a scope')
      data(bytes, shared)
    }
    start(sink)
  }
  host.accept(transport)
})

const socket = connect(listener.port ?? 0, '127.0.0.1')
let received = ''
const waiting = new Set<() => void>()
socket.setEncoding('latin1').on('data', (chunk: string) => {
  received += chunk
  for (const look of waiting) look()
})

async function responses(count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (received.split('HTTP/1.1 200').length > count) resolve()
    }
    waiting.add(look)
    look()
  })
  waiting.clear()
  received = ''
}

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`
for (let round = 0; round < 5; round++) {
  socket.write(get('/now'))
  await responses(1)
}
// Several at once, more than are answered in one turn.
socket.write(get('/now').repeat(100))
await responses(100)
socket.write(get('/later') + get('/now').repeat(3))
await new Promise((resolve) => socket.write('', resolve))
later.set()
await responses(4)
socket.write(get('/now'))
await responses(1)

// The connection is idle, and open.
const collect = (globalThis as unknown as { gc: () => void }).gc
for (let round = 0; round < 5; round++) {
  collect()
  await new Promise((resolve) => setTimeout(resolve, 1))
}
const left = scopes.filter((scope) => scope.deref() !== undefined).length
if (left > 0) wrong.push(`${left} of ${scopes.length} scopes are still held`)
if (scopes.length !== 110 || chunks < 8) wrong.push(`${scopes.length} requests, ${chunks} chunks`)

socket.destroy()
await listener.close()
outsideScopes(() => host.destroy('done'))
host.end()
console.log(wrong.length === 0 ? 'ok' : Array.from(new Set(wrong)).join('\n'))
