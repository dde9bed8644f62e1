import { describe, expect, it } from 'vitest'
import { fileNameFor } from '../../../../src/cli/fetch/output/file-name.ts'

describe('fileNameFor()', () => {
  it.each([
    ['http://a.example/logo.png', '00000007-logo.png'],
    ['http://a.example/x/y.tar.gz?v=1#top', '00000007-y.tar.gz'],
    ['http://a.example/', '00000007-index'],
    ['http://a.example', '00000007-index'],
    ['http://a.example/x/', '00000007-index'],
    ['http://a.example/..%2f..%2fetc%2fpasswd', '00000007-.._2f.._2fetc_2fpasswd'],
    ['http://a.example/r%C3%A9sum%C3%A9', '00000007-r_C3_A9sum_C3_A9'],
    ['http://a.example/$(reboot)', '00000007-_reboot_'],
  ])('fileNameFor() names the body of %s %s', (url, expected) => {
    expect(fileNameFor(7, new URL(url))).toBe(expected)
  })

  it('fileNameFor() cuts a long segment after 80 characters', () => {
    const name = fileNameFor(1, new URL(`http://a.example/${'x'.repeat(500)}`))
    expect(name).toBe(`00000001-${'x'.repeat(80)}`)
  })

  it('fileNameFor() goes on after eight digits', () => {
    expect(fileNameFor(123_456_789, new URL('http://a.example/a'))).toBe('123456789-a')
  })
})
