/**
 * What the property tests draw is the same in each run of the gate, so that a change is judged by what
 * it changes. `npm run test:long` draws anew, and FUZZ_SEED=<number> repeats one run.
 */
import fc from 'fast-check'

const seed = process.env['FUZZ_SEED'] ?? '20261121'
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) })
