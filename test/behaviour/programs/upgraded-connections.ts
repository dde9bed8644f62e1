// WebSockets over real sockets: once one is open, nothing of HTTP's half of its connection is held, and its
// request still says all that it did. Run with --expose-gc. Says "ok", or what is wrong.
import { once } from 'node:events'
import { connect } from 'node:net'
import {
  Application,
  currentRequest,
  serve,
  type ServerRequest,
} from '../../../src/server/index.ts'
import { ConnectionHost } from '../../../src/server/connection/connection-host.ts'
import { UpgradeResponse } from '../../../src/server/messages/upgrade-response.ts'

const wrong: string[] = []
const held = new Map<string, WeakRef<object>[]>()

function watch(what: string, object: object): void {
  const refs = held.get(what) ?? []
  held.set(what, refs)
  refs.push(new WeakRef(object))
}

// Whatever an object holds by itself, as it is when it is made: a parser, timers, a pump, and so on.
type Accept = (this: ConnectionHost, ...given: Parameters<ConnectionHost['accept']>) => void
const accept: Accept = Reflect.get(ConnectionHost.prototype, 'accept')
ConnectionHost.prototype.accept = function (transport, endpoint) {
  accept.call(this, transport, endpoint)
  for (const connection of this.connections.all()) {
    if (connection.constructor.name === 'Connection') watch('connections', connection)
  }
}

const open: { request: ServerRequest }[] = []
const app = new Application()
  .use(async (request, next) => {
    const { head, headers } = request
    // Somebody who looks at them.
    headers.get('cookie')
    watch('heads', head)
    watch('lists of fields', head.fields)
    watch('headers', headers)
    if (request.origin.constructor.name === 'Connection') watch('origins', request.origin)
    const response = await next(request)
    watch('responses', response)
    if (response instanceof UpgradeResponse) watch('takers', response.take)
    return response
  })
  .websocket('/plain/{name}', async (ws, request) => {
    open.push({ request })
    for await (const _ of ws) {
      const now = currentRequest()
      if (now !== request) wrong.push('currentRequest() is another request')
      await ws.send('')
    }
  })
  .websocket('/tasks/{name}', async (ws) => {
    open.push({ request: currentRequest() as ServerRequest })
    await ws.closed()
  })
const server = await serve(app, { port: 0, host: '127.0.0.1' })

async function upgrade(path: string): Promise<ReturnType<typeof connect>> {
  const socket = connect(server.port, '127.0.0.1')
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nCookie: a=b\r\n\r\n',
  )
  await new Promise<void>((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => {
      if (chunk.toString('latin1').startsWith('HTTP/1.1 101 ')) resolve()
      else reject(new Error('no 101 came'))
    })
    socket.once('error', reject)
  })
  return socket
}

const sockets = []
for (let at = 0; at < 10; at++) {
  sockets.push(await upgrade(`/plain/n${at}?at=${at}`), await upgrade(`/tasks/n${at}`))
}

const collect = (globalThis as unknown as { gc: () => void }).gc
for (let round = 0; round < 5; round++) {
  collect()
  await new Promise((resolve) => setImmediate(resolve))
}
for (const what of [
  'connections',
  'heads',
  'lists of fields',
  'headers',
  'origins',
  'responses',
  'takers',
]) {
  const refs = held.get(what) ?? []
  const left = refs.filter((ref) => ref.deref() !== undefined).length
  if (left > 0) wrong.push(`${left} of ${refs.length} ${what} are still held`)
  if (refs.length < sockets.length) wrong.push(`${refs.length} ${what} were seen`)
}

// A frame to each that reads, and its answer: its request is still the same.
await Promise.all(
  sockets.map(async (socket, at) => {
    if (at % 2 === 1) return
    socket.write(Buffer.from([0x81, 0x80, 0, 0, 0, 0]))
    await once(socket, 'data')
  }),
)
for (const [at, { request }] of open.entries()) {
  const path = `/${at % 2 === 0 ? 'plain' : 'tasks'}/n${at >> 1}`
  const said = [
    request.method,
    request.path,
    request.params['name'],
    request.query.get('at') ?? undefined,
    request.url.href,
    request.headers.get('upgrade'),
    request.cookies.get('a'),
    request.remoteAddress,
    request.secure,
    request.minorVersion,
    request.signal.aborted,
  ]
  const query = at % 2 === 0 ? String(at >> 1) : undefined
  const expected = [
    'GET',
    path,
    `n${at >> 1}`,
    query,
    `http://example.com${path}${query === undefined ? '' : `?at=${query}`}`,
    'websocket',
    'b',
    '127.0.0.1',
    false,
    1,
    false,
  ]
  if (JSON.stringify(said) !== JSON.stringify(expected)) {
    wrong.push(`a request says ${JSON.stringify(said)} instead of ${JSON.stringify(expected)}`)
  }
}

for (const socket of sockets) socket.destroy()
await server.close()
console.log(wrong.length === 0 ? 'ok' : Array.from(new Set(wrong)).join('\n'))
