// Waits to be interrupted, and says how it was stopped. Argument: what main does about it.
import { createTask, currentScope, run, shield, sleep } from '../../../src/index.ts'

const [how = 'stops'] = process.argv.slice(2)

function ignore(): Promise<never> {
  setInterval(() => undefined, 1_000)
  return new Promise(() => undefined)
}

await run(
  async () => {
    createTask(
      async () => {
        try {
          await sleep(Infinity)
        } finally {
          await shield(() => sleep(1))
          console.log('task cleaned up')
        }
      },
      { name: 'worker' },
    )
    if (how === 'ignores') createTask(ignore, { name: 'deaf' })
    if (how === 'is stuck') createTask(() => new Promise(() => undefined), { name: 'deaf' })
    try {
      console.log('ready')
      await sleep(Infinity)
    } catch (error) {
      if (how !== 'finishes') throw error
    } finally {
      console.log(`main stopped, cancelled: ${currentScope().cancelled}`)
    }
  },
  { grace: 20 },
)
console.log('run() returned')
