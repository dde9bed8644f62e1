import { describe, expect, test } from 'vitest'
import { HeaderFields } from '../../src/http/header-fields.ts'

describe('HeaderFields', () => {
  test('get() finds a name in any case and joins its values', () => {
    const fields = new HeaderFields(['Accept', 'a/b', 'HOST', 'x', 'accept', 'c/d'])
    expect(fields.get('ACCEPT')).toBe('a/b, c/d')
    expect(fields.get('host')).toBe('x')
    expect(fields.get('hos')).toBeNull()
    expect(fields.getAll('accept')).toEqual(['a/b', 'c/d'])
    expect(fields.has('Host')).toBe(true)
    expect(fields.has('Hosts')).toBe(false)
  })

  test('set() replaces all values in the place of the first', () => {
    const fields = new HeaderFields(['a', '1', 'B', '2', 'A', '3'])
    fields.set('A', '9')
    expect(fields.raw).toEqual(['a', '9', 'B', '2'])
    fields.set('c', '4')
    expect(fields.raw).toEqual(['a', '9', 'B', '2', 'c', '4'])
  })

  test('delete() removes every value of the name', () => {
    const fields = new HeaderFields(['a', '1', 'B', '2', 'A', '3'])
    fields.delete('a')
    fields.delete('none')
    expect(fields.raw).toEqual(['B', '2'])
  })

  test('HeaderFields leaves the list it was made of alone', () => {
    const list = ['a', '1']
    const fields = new HeaderFields(list)
    fields.append('b', '2')
    fields.set('a', '3')
    expect(list).toEqual(['a', '1'])
    const copy = HeaderFields.from(fields)
    copy.delete('a')
    expect(fields.get('a')).toBe('3')
  })

  test('HeaderFields.from() takes records, pairs, Headers and itself', () => {
    const record = { a: '1', b: ['2', '3'], c: undefined, d: 4 }
    expect(HeaderFields.from(record).raw).toEqual(['a', '1', 'b', '2', 'b', '3', 'd', '4'])
    expect(HeaderFields.from([['A', '1']]).raw).toEqual(['A', '1'])
    const web = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['x', 'y'],
    ])
    const fields = HeaderFields.from(web)
    expect(fields.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect([...HeaderFields.from(fields)]).toEqual([...web])
    expect(HeaderFields.from().raw).toEqual([])
  })

  test('HeaderFields iterates as the web does: sorted, in lower case, joined but for Set-Cookie', () => {
    const pairs: [string, string][] = [
      ['X-B', '1'],
      ['Set-Cookie', 'a=1'],
      ['A', '2'],
      ['set-cookie', 'b=2'],
      ['x-b', '3'],
    ]
    const fields = HeaderFields.from(pairs)
    const web = new Headers(pairs)
    expect([...fields]).toEqual([...web])
    expect([...fields.keys()]).toEqual([...web.keys()])
    expect([...fields.values()]).toEqual([...web.values()])
    expect([...fields.toHeaders()]).toEqual([...web])
    const seen: string[] = []
    fields.forEach((value, name) => seen.push(`${name}: ${value}`))
    expect(seen).toEqual(['a: 2', 'set-cookie: a=1', 'set-cookie: b=2', 'x-b: 1, 3'])
  })

  test.each(['', 'a b', 'a:', 'a\r\nb', 'ä', 'a\0'])('set() refuses the name %j', (name) => {
    expect(() => new HeaderFields().set(name, 'x')).toThrow(TypeError)
    expect(() => HeaderFields.from({ [name]: 'x' })).toThrow(/Invalid header name/)
  })

  test.each(['a\r\nb', 'a\nb', 'a\0b', 'a\x7fb', '漢'])(
    'append() refuses the value %j',
    (value) => {
      expect(() => new HeaderFields().append('a', value)).toThrow(/Invalid value of header "a"/)
    },
  )

  test('set() takes blanks around a value away', () => {
    const fields = new HeaderFields()
    fields.set('a', ' \tx y\r\n ')
    expect(fields.get('a')).toBe('x y')
  })

  test('names of what objects inherit are names as any other', () => {
    const fields = new HeaderFields()
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(fields.get(name)).toBeNull()
      expect(fields.has(name)).toBe(false)
      fields.append(name, 'x')
      expect(fields.get(name)).toBe('x')
    }
    expect(
      HeaderFields.from(JSON.parse('{ "__proto__": "y" }') as Record<string, string>).get(
        '__proto__',
      ),
    ).toBe('y')
  })
})
