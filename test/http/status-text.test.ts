import { STATUS_CODES } from 'node:http'
import { expect, test } from 'vitest'
import { statusText } from '../../src/http/status-text.ts'

// 418 and 510 are obsolete, 509 is Apache's own.
const known = Object.keys(STATUS_CODES).filter((status) => !['418', '509', '510'].includes(status))

test('statusText() knows every registered status that Node.js knows', () => {
  for (const status of known) expect(statusText(Number(status))).not.toBe('')
  expect(statusText(404)).toBe('Not Found')
  expect(statusText(299)).toBe('')
})
