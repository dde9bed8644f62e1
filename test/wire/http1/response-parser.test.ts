import { describe, expect, test } from 'vitest'
import { type ResponseEvents, type ResponseHead, ResponseParser } from 'spool/wire'

class Recorder implements ResponseEvents {
  readonly heads: ResponseHead[] = []
  ends = 0

  informational(head: ResponseHead): void {
    this.heads.push(head)
  }

  head(head: ResponseHead): void {
    this.heads.push(head)
  }

  body(): void {}

  end(): void {
    this.ends++
  }
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

describe('ResponseParser', () => {
  test('ResponseParser reads one response for each start()', () => {
    const events = new Recorder()
    const parser = new ResponseParser(events)
    const two = bytes(ok + ok)
    expect(parser.feed(two)).toBe(0)
    parser.start('GET')
    const used = parser.feed(two)
    expect(used).toBe(ok.length)
    expect(parser.feed(two.subarray(used))).toBe(0)
    parser.start('GET')
    expect(parser.feed(two.subarray(used))).toBe(ok.length)
    expect(events.ends).toBe(2)
  })

  test('ResponseParser.start() before the last response has ended throws', () => {
    const parser = new ResponseParser(new Recorder())
    parser.start('GET')
    expect(() => parser.start('GET')).toThrow('Response before this one has not ended')
  })

  test('ResponseParser.idle is true until a byte of the response has come', () => {
    const parser = new ResponseParser(new Recorder())
    parser.start('GET')
    expect(parser.idle).toBe(true)
    parser.feed(bytes('H'))
    expect(parser.idle).toBe(false)
    parser.feed(bytes(ok.slice(1)))
    expect(parser.idle).toBe(true)
  })

  test('ResponseParser.idle is false behind an informational response', () => {
    const parser = new ResponseParser(new Recorder())
    parser.start('GET')
    parser.feed(bytes('HTTP/1.1 100 Continue\r\n\r\n'))
    expect(parser.idle).toBe(false)
  })

  test('ResponseParser counts informational responses for each request anew', () => {
    const parser = new ResponseParser(new Recorder(), { informational: 1 })
    for (let i = 0; i < 3; i++) {
      parser.start('GET')
      parser.feed(bytes(`HTTP/1.1 100 Continue\r\n\r\n${ok}`))
    }
    expect(parser.idle).toBe(true)
  })

  test('ResponseParser.eof() without a request says nothing', () => {
    const parser = new ResponseParser(new Recorder())
    expect(() => parser.eof()).not.toThrow()
  })

  test('ResponseParser.eof() before the response throws', () => {
    const parser = new ResponseParser(new Recorder())
    parser.start('GET')
    expect(() => parser.eof()).toThrow('Connection ended before the response')
    expect(() => parser.start('GET')).toThrow('Connection ended before the response')
    expect(() => parser.feed(bytes(ok))).toThrow('Connection ended before the response')
    expect(() => parser.eof()).toThrow('Connection ended before the response')
  })

  test('ResponseParser.eof() behind the head of a tunnel says nothing', () => {
    const parser = new ResponseParser(new Recorder())
    parser.start('CONNECT')
    parser.feed(bytes('HTTP/1.1 200 OK\r\n\r\n'))
    expect(() => parser.eof()).not.toThrow()
    expect(parser.idle).toBe(false)
  })

  test('ResponseParser passes on what a listener throws', () => {
    const events = new Recorder()
    const fault = new Error('listener')
    events.head = () => {
      throw fault
    }
    const parser = new ResponseParser(events)
    parser.start('GET')
    expect(() => parser.feed(bytes(ok))).toThrow(fault)
  })
})
