import { defineConfig } from 'vitest/config'

const src = new URL('./src/', import.meta.url).pathname

export default defineConfig({
  resolve: {
    alias: [
      { find: /^spool$/, replacement: `${src}index.ts` },
      { find: /^spool\/(\w+)$/, replacement: `${src}$1/index.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**'],
    setupFiles: ['test/support/property-seed.ts'],
    isolate: false,
    pool: 'threads',
    restoreMocks: true,
    unstubGlobals: true,
    testTimeout: 10_000,
    reporters: ['default', './test/support/closing-line.ts'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 85, functions: 80, branches: 85, statements: 85 },
    },
  },
})
