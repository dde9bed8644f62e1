import { mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

// What takes too long for the gate: `npm run test:long`.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  {
    test: {
      include: [
        'test/long/**/*.test.ts',
        'test/behaviour/random-programs.test.ts',
        'test/client/random-lives.test.ts',
        'test/behaviour/random-bodies.test.ts',
      ],
      testTimeout: 900_000,
      env: {
        FUZZ_SEED: process.env['FUZZ_SEED'] ?? 'random',
        RANDOM_PROGRAMS: '30000',
        RANDOM_LIVES: '20000',
        RANDOM_BODIES: '2000',
      },
    },
  },
)
