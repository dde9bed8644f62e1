import { describe, expect, it } from 'vitest'
import { readFetchOptions } from '../../../src/cli/fetch/options.ts'

describe('readFetchOptions()', () => {
  it('readFetchOptions() has a default for everything but the list', () => {
    expect(readFetchOptions(['urls.txt'])).toEqual({
      inputs: ['urls.txt'],
      concurrency: 100,
      perHost: 8,
      timeout: 30_000,
      retries: 2,
      out: undefined,
      report: undefined,
      resume: false,
      fail: false,
      progress: 'auto',
      method: 'GET',
      headers: [],
      proxy: undefined,
    })
  })

  it('readFetchOptions() reads every option', () => {
    const text =
      '-c 5 --per-host 2 --timeout 500ms --retries 0 --out d --report r --resume --fail ' +
      '--progress none -X head -H A:1 -H B:2 --proxy environment - http://a/'
    expect(readFetchOptions(text.split(' '))).toEqual({
      inputs: ['-', 'http://a/'],
      concurrency: 5,
      perHost: 2,
      timeout: 500,
      retries: 0,
      out: 'd',
      report: 'r',
      resume: true,
      fail: true,
      progress: 'none',
      method: 'HEAD',
      headers: [
        ['A', '1'],
        ['B', '2'],
      ],
      proxy: 'environment',
    })
  })

  it('readFetchOptions() gives help, and asks for a list without one', () => {
    expect(readFetchOptions(['--help'])).toBe('help')
    expect(() => readFetchOptions([])).toThrow('Nothing to fetch')
    for (const args of [['a'], ['a', '--report', '-']]) {
      expect(() => readFetchOptions([...args, '--resume'])).toThrow(
        'Cannot use --resume: name the file of the report with --report',
      )
    }
  })
})
