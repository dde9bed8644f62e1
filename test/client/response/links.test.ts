import { describe, expect, it } from 'vitest'
import { parseLinks } from '../../../src/client/response/links.ts'
import { MemoryFixture } from '../support/memory-server.ts'

function read(...fields: string[]): Record<string, string> {
  const links = parseLinks(fields, 'http://api.test/a/b?c')
  return Object.fromEntries(Array.from(links, ([name, { url }]) => [name, url]))
}

describe('parseLinks()', () => {
  it.each<[string, Record<string, string>]>([
    [
      '<https://api.test/x?page=2>; rel="next", <?page=9>; rel=last',
      { next: 'https://api.test/x?page=2', last: 'http://api.test/a/b?page=9' },
    ],
    ['</x>;rel="Next prev"', { next: 'http://api.test/x', prev: 'http://api.test/x' }],
    ['<x,y;z>; title="a, \\"b\\"; <c>"; REL=next', { next: 'http://api.test/a/x,y;z' }],
    ['<a>; rel=next; rel=prev, <b>; rel=next', { next: 'http://api.test/a/a' }],
    ['<a>, <b>; rel', {}],
    ['<a>; rel=next garbage, <b>; rel=prev', { next: 'http://api.test/a/a' }],
    ['nothing', {}],
    ['', {}],
  ])('reads %s', (field, links) => {
    expect(read(field)).toEqual(links)
  })

  it('reads several fields, and parameters', () => {
    expect(Object.keys(read('<a>; rel=one', '<b>; rel=two'))).toEqual(['one', 'two'])
    const link = parseLinks(['<a>; rel=x; Title="y\\"z"; flag'], 'http://h/').get('x')
    expect([...(link?.parameters ?? [])]).toEqual([
      ['rel', 'x'],
      ['title', 'y"z'],
      ['flag', ''],
    ])
  })

  it('of a response are there by name, as are content type and charset', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.respond('', {
        fields: 'Link: </next>; rel=next\r\nContent-Type: Text/HTML; charset="UTF-8"\r\n',
      })
    })
    const response = await fixture.session.get('/')
    expect(response.links.get('next')?.url).toBe('http://test/next')
    expect([response.contentType, response.charset]).toEqual(['text/html', 'utf-8'])
    await response.close()
  })
})
