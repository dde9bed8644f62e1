import { describe, expect, it } from 'vitest'
import { Netrc } from '../../../src/client/auth/netrc.ts'

describe('Netrc', () => {
  it('finds the first entry of a host, or the default', () => {
    const netrc = Netrc.parse(
      'machine Example.com login ada password secret\n' +
        'machine example.com login other password no\n' +
        'machine api.example.com\n\tlogin bob\n\taccount x\n\tpassword "with space \\" and quote"\n' +
        'default login anonymous password guest',
    )
    expect(netrc.find('example.com')).toEqual({ username: 'ada', password: 'secret' })
    expect(netrc.find('api.example.com')).toEqual({
      username: 'bob',
      password: 'with space " and quote',
    })
    expect(netrc.find('example.org')).toEqual({ username: 'anonymous', password: 'guest' })
  })

  it('leaves out comments and macros', () => {
    const netrc = Netrc.parse(
      '# machine a login x password y\r\nmacdef init\r\nmachine a login x password y\r\n\r\n' +
        'machine a login l#1 password p#2 # the end\n',
    )
    expect(netrc.find('a')).toEqual({ username: 'l#1', password: 'p#2' })
  })

  it.each(['', 'machine', 'machine a', 'login x', 'machine a login'])('reads %j', (text) => {
    expect(Netrc.parse(text).find('b')).toBeUndefined()
  })
})
