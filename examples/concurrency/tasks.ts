// An async function is called and awaited; a task runs beside the one that started it.
import { CancelledError, createTask, run, sleep } from 'spool'

async function greet(name: string): Promise<string> {
  await sleep(20)
  return `Hello, ${name}!`
}

await run(async () => {
  console.log(await greet('Ada'))

  const task = createTask(() => greet('Grace'), { name: 'greeting' })
  console.log(`"${task.name}" is ${task.state}`)
  console.log(await task)
  console.log(`"${task.name}" has ${task.state}`)

  const slow = createTask(() => sleep(60_000), { name: 'slow' })
  slow.cancel('no time')
  try {
    await slow
  } catch (error) {
    if (!CancelledError.is(error)) throw error
    console.log(`"${slow.name}" was ${slow.state}`)
  }
})
