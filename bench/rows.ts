// The exchanges that servers are measured on. Whatever the row, targets or bodies rotate and one field
// changes with each request.
import { contentType, greeting, nextId, request, targetCount, targets } from './exchange.ts'

export interface Row {
  readonly name: string
  readonly about: string
  /** Bytes on the wire, for the `at`th time; all of one length. */
  request(at: number, port: number): string
  /** The body that answers it; all of one length. */
  answer(at: number): string
  readonly contentType: string
  /** Requests that are written at once and answered in order. */
  readonly pipelining: number
  /** Over TLS. */
  readonly tls?: boolean
  /**
   * What of JSON the floor does too, since every handler has to: parse what is posted, or make what is
   * answered.
   */
  readonly floorJSON?: 'parsed' | 'made'
  /** Where an exchange takes long: the part of the requests that is made. Default 1. */
  readonly share?: number
  /** Connections at most, where many would need too much memory. */
  readonly connections?: number
  /** Requests on each connection before it is measured. Default 10. */
  readonly each?: number
}

/** Registered besides those that are asked for, where a row is about many routes. */
export const fillerCount = 195

export const json = 'application/json'

export interface Item {
  id: number
  name: string
  tags: readonly string[]
  price: number
  available: boolean
}

/** About 1 KB of JSON: what `/items/{name}` answers and what is posted to `/items`. */
export function items(name: string): { name: string; items: readonly Item[] } {
  return {
    name,
    items: Array.from({ length: 10 }, (_, id) => ({
      id: id + 100,
      name: `Item number ${id}`,
      tags: ['new', 'blue', 'wide'],
      price: 19.9,
      available: true,
    })),
  }
}

/** What `/large/{name}` answers. */
export const large: string = 'spool '.repeat(65_536 / 6).padEnd(65_536, '.')

/** What `/huge/{name}` answers: 10 MB. */
export const huge: string = 'spool.'.repeat(10_000_000 / 6).padEnd(10_000_000, '.')

const browserFields =
  'connection: keep-alive\r\ncache-control: max-age=0\r\nsec-ch-ua: "Chromium";v="142", "Not A Brand";v="99"\r\n' +
  'sec-ch-ua-mobile: ?0\r\nupgrade-insecure-requests: 1\r\n' +
  'user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n' +
  'accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n' +
  'accept-encoding: gzip, deflate, br, zstd\r\naccept-language: en-GB,en;q=0.9\r\n'

function nameAt(at: number): string {
  return targets[at % targetCount]!.slice('/greet/'.length)
}

function greetingAt(at: number): string {
  return greeting(targets[at % targetCount]!)
}

function get(target: string, port: number, fields = ''): string {
  return `GET ${target} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${fields}x-request-id: ${nextId()}\r\n\r\n`
}

const hello: Row = {
  name: 'hello',
  about: 'GET /greet/{name}, 4 header fields, 13 bytes of text',
  request,
  answer: greetingAt,
  contentType,
  pipelining: 1,
}

export const rows: readonly Row[] = [
  hello,
  {
    ...hello,
    name: 'browser',
    about: 'the same with the 11 header fields of a browser',
    request: (at, port) => get(targets[at % targetCount]!, port, browserFields),
  },
  { ...hello, name: 'pipelined', about: 'the first row, 16 requests at once', pipelining: 16 },
  {
    ...hello,
    name: 'routes',
    about: 'a path of 5 segments, 2 of them parameters, among 200 routes',
    request: (at, port) => get(`/api/users/${nameAt(at)}/posts/17`, port),
  },
  {
    ...hello,
    name: 'json',
    about: 'GET, 1 KB of JSON made for each answer',
    request: (at, port) => get(`/items/${nameAt(at)}`, port),
    answer: (at) => JSON.stringify(items(nameAt(at))),
    contentType: json,
    floorJSON: 'made',
  },
  {
    ...hello,
    name: 'post',
    about: 'POST, 1 KB of JSON read and parsed, 13 bytes of text',
    floorJSON: 'parsed',
    request: (at, port) => {
      const body = JSON.stringify(items(nameAt(at)))
      return (
        `POST /items HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n` +
        `content-length: ${body.length}\r\nx-request-id: ${nextId()}\r\n\r\n${body}`
      )
    },
  },
  {
    ...hello,
    name: 'application',
    about: 'POST, 16 bytes of JSON checked by a schema, behind a middleware, among ten routes',
    floorJSON: 'parsed',
    request: (at, port) => {
      const body = JSON.stringify({ name: nameAt(at) })
      return (
        `POST /items HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n` +
        `content-length: ${body.length}\r\nx-request-id: ${nextId()}\r\n\r\n${body}`
      )
    },
  },
  {
    ...hello,
    name: 'large',
    about: 'GET, 64 KiB of text',
    request: (at, port) => get(`/large/${nameAt(at)}`, port),
    answer: () => large,
    share: 0.25,
  },
  {
    ...hello,
    name: 'huge',
    about: 'GET, 10 MB of text, 4 connections',
    request: (at, port) => get(`/huge/${nameAt(at)}`, port),
    answer: () => huge,
    share: 0.001,
    connections: 4,
    each: 3,
  },
  { ...hello, name: 'tls', about: 'the first row over TLS 1.3', tls: true },
]

export function rowNamed(name: string): Row {
  const row = rows.find((row) => row.name === name)
  if (!row) {
    const names = rows.map((row) => `"${row.name}"`).join(', ')
    throw new Error(`Give --row one of ${names} instead of "${name}"`)
  }
  return row
}
