import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

// What takes as long as one lets it: `npm run test:long`.
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/long/**/*.test.ts'], exclude: [], testTimeout: 0 },
})
