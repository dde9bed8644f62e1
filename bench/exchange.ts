// The one exchange that all contenders are measured on: what is asked for and what is answered.
// Targets rotate and one field changes with each message, so that no cache keyed by a whole head can win.

/** How many targets rotate. */
export const targetCount = 1000

/** `/greet/n0000` … `/greet/n0999`. */
export const targets: readonly string[] = Array.from(
  { length: targetCount },
  (_, at) => `/greet/n${String(at).padStart(4, '0')}`,
)

/** What `/greet/{name}` answers: of one length, since all names have one. */
export function greeting(target: string): string {
  return `Hello, ${target.slice('/greet/'.length)}!`
}

export const contentType = 'text/plain; charset=utf-8'

// The 8 digits that change: enough for a run, and always of one length.
const firstId = 10_000_000
const lastId = 99_999_999
let id = firstId

export function nextId(): number {
  id = id === lastId ? firstId : id + 1
  return id
}

/** The request for one of the targets, with a new `x-request-id`. */
export function request(at: number, port: number): string {
  return (
    `GET ${targets[at % targetCount]!} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n` +
    `user-agent: spool-bench/1\r\naccept: */*\r\nx-request-id: ${nextId()}\r\n\r\n`
  )
}

/** Byte for byte what Spool's server answers before the body, apart from the date. */
export function responseHead(type: string, length: number): string {
  return (
    `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n` +
    'date: Sat, 21 Nov 2026 12:00:00 GMT\r\n\r\n'
  )
}

/** What the target server of the client bench answers: the same with a new `x-request-id`. */
export function changingResponse(): string {
  return (
    `HTTP/1.1 200 OK\r\ncontent-type: ${contentType}\r\ncontent-length: 13\r\n` +
    `x-request-id: ${nextId()}\r\n\r\nHello, world!`
  )
}
