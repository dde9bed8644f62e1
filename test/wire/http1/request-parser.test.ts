import { describe, expect, test } from 'vitest'
import { ProtocolError, type RequestEvents, type RequestHead, RequestParser } from 'spool/wire'

class Recorder implements RequestEvents {
  readonly heads: RequestHead[] = []
  readonly bodies: Uint8Array[] = []
  ends = 0
  onEnd: () => void = () => {}

  head(head: RequestHead): void {
    this.heads.push(head)
  }

  body(bytes: Uint8Array): void {
    this.bodies.push(bytes)
  }

  end(): void {
    this.ends++
    this.onEnd()
  }
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

describe('RequestParser', () => {
  test('RequestParser.pause() in end() stops it before the next request', () => {
    const events = new Recorder()
    const parser = new RequestParser(events)
    events.onEnd = () => parser.pause()
    const two = bytes(get + get)
    const used = parser.feed(two)
    expect(used).toBe(get.length)
    expect(parser.idle).toBe(true)
    expect(parser.feed(two.subarray(used))).toBe(0)
    parser.resume()
    expect(parser.feed(two.subarray(used))).toBe(get.length)
    expect(events.ends).toBe(2)
  })

  test('RequestParser.pause() inside a body lets that end first', () => {
    const events = new Recorder()
    const parser = new RequestParser(events)
    parser.feed(bytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab'))
    parser.pause()
    expect(parser.feed(bytes(`cd${get}`))).toBe(2)
    expect(events.ends).toBe(1)
  })

  test('RequestParser.resume() goes on behind a request with an upgrade that was declined', () => {
    const events = new Recorder()
    const parser = new RequestParser(events)
    const upgrade = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'
    const all = bytes(upgrade + get)
    const used = parser.feed(all)
    expect(used).toBe(upgrade.length)
    parser.resume()
    expect(parser.feed(all.subarray(used))).toBe(get.length)
    expect(events.heads.map((head) => head.upgrade)).toEqual(['h2c', undefined])
  })

  test('RequestParser.idle is false from the first byte of a request to its end', () => {
    const parser = new RequestParser(new Recorder())
    expect(parser.idle).toBe(true)
    parser.feed(bytes('\r\n'))
    expect(parser.idle).toBe(true)
    parser.feed(bytes('P'))
    expect(parser.idle).toBe(false)
    parser.feed(bytes('OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n'))
    expect(parser.idle).toBe(false)
    parser.feed(bytes('ab'))
    expect(parser.idle).toBe(true)
  })

  test('RequestParser ignores what follows a request with Connection: close', () => {
    const events = new Recorder()
    const parser = new RequestParser(events)
    const rest = bytes('\x00 not HTTP')
    parser.feed(bytes('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'))
    expect(parser.feed(rest)).toBe(rest.length)
    parser.eof()
    expect(events.ends).toBe(1)
    expect(parser.idle).toBe(true)
  })

  test('RequestParser throws the same error again', () => {
    const parser = new RequestParser(new Recorder())
    const errors = [bytes('GET\n'), bytes(get)].map((chunk) => errorOf(() => parser.feed(chunk)))
    expect(ProtocolError.is(errors[0])).toBe(true)
    expect(errors[1]).toBe(errors[0])
    expect(errorOf(() => parser.eof())).toBe(errors[0])
  })

  test('RequestParser.eof() inside a message makes it unusable', () => {
    const parser = new RequestParser(new Recorder())
    parser.feed(bytes('GET'))
    const error = errorOf(() => parser.eof())
    expect(error).toMatchObject({ code: 'SPOOL_REMOTE_PROTOCOL', statusHint: 400 })
    expect(errorOf(() => parser.feed(bytes(' / HTTP/1.1\r\n')))).toBe(error)
  })

  test('RequestParser passes on what a listener throws, and is unusable then', () => {
    const events = new Recorder()
    const parser = new RequestParser(events)
    const fault = new Error('handler')
    events.onEnd = () => {
      throw fault
    }
    expect(errorOf(() => parser.feed(bytes(get)))).toBe(fault)
    expect(errorOf(() => parser.feed(bytes(get)))).toBe(fault)
  })

  test('RequestParser wants each byte of the version and its line end', () => {
    const line = 'GET / HTTP/1.1\r\n'
    for (let at = 6; at < line.length; at++) {
      const parser = new RequestParser(new Recorder())
      const other = `${line.slice(0, at)}x${line.slice(at + 1)}Host: a\r\n\r\n`
      expect(() => parser.feed(bytes(other)), JSON.stringify(other)).toThrow(
        /version|CR without LF/,
      )
    }
  })

  test('RequestParser tells a length with the framing of that name alone', () => {
    const events = new Recorder()
    const parser = new RequestParser(events)
    parser.feed(bytes(get))
    parser.feed(bytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'))
    parser.feed(bytes('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'))
    parser.feed(bytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi'))
    expect(events.heads.map((head) => [head.framing, head.contentLength])).toEqual([
      ['none', 0],
      ['none', 0],
      ['chunked', 0],
      ['length', 2],
    ])
  })

  test('RequestParser tells bodies as views into what it was fed', () => {
    const events = new Recorder()
    const fed = bytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
    new RequestParser(events).feed(fed)
    expect(events.bodies[0]!.buffer).toBe(fed.buffer)
  })

  test('RequestParser takes more fields than the default if its limit says so', () => {
    const fields = Array.from({ length: 299 }, (_, i) => `X-${i}: ${i}\r\n`).join('')
    const head = bytes(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)
    for (const size of [head.length, 7]) {
      const events = new Recorder()
      const parser = new RequestParser(events, { fields: 300 })
      for (let at = 0; at < head.length; at += size) parser.feed(head.subarray(at, at + size))
      expect(events.heads[0]!.fields).toHaveLength(600)
      expect(events.heads[0]!.fields.slice(-2)).toEqual(['X-298', '298'])
    }
  })

  test('RequestParser keeps a long piece of a head', () => {
    const value = 'x'.repeat(10_000)
    const head = bytes(`GET / HTTP/1.1\r\nHost: a\r\nX: ${value}\r\n\r\n`)
    const events = new Recorder()
    const parser = new RequestParser(events)
    parser.feed(head.subarray(0, 9000))
    parser.feed(head.subarray(9000))
    expect(events.heads[0]!.fields).toEqual(['Host', 'a', 'X', value])
  })

  test('RequestParser keeps heads of several parsers apart', () => {
    const events = [new Recorder(), new Recorder()]
    const parsers = events.map((one) => new RequestParser(one))
    for (const character of get) for (const parser of parsers) parser.feed(bytes(character))
    expect(events.map((one) => one.heads[0]!.fields)).toEqual([
      ['Host', 'a'],
      ['Host', 'a'],
    ])
  })

  test('RequestParser takes Uint8Array and Buffer alike', () => {
    const events = new Recorder()
    new RequestParser(events).feed(Uint8Array.from(bytes(get)))
    expect(events.heads[0]).toMatchObject({ method: 'GET', host: 'a' })
  })

  test.each([0, -1, 1.5, Number.NaN])('RequestParser refuses %d as a limit', (head) => {
    expect(() => new RequestParser(new Recorder(), { head })).toThrow(
      new RangeError(`Limit "head" must be a positive integer, not ${head}`),
    )
  })
})

function errorOf(fn: () => unknown): unknown {
  try {
    fn()
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown')
}
