// A function that is called when a task is done, whatever became of it.
import { run, sleep, type Task, taskGroup } from 'spool'

async function square(value: number): Promise<number> {
  await sleep(10 * value)
  return value * value
}

await run(() =>
  taskGroup((group) => {
    for (const value of [3, 1, 2]) {
      const task = group.spawn(() => square(value), { name: `square of ${value}` })
      task.addDoneCallback(report)
    }
  }),
)

function report(task: Task<number>): void {
  console.log(`${task.name}: ${task.result()}`)
}
