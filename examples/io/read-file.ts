// Files without blocking anybody: written, appended to, read by lines.
import { join } from 'node:path'
import { run } from 'spool'
import { open, readText, temporaryFolder, writeText } from 'spool/io'

await run(async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'poem.txt')
  await writeText(path, 'So much depends\nupon\n')

  {
    await using file = await open(path, 'a')
    await file.write('a red wheel\nbarrow\n')
  }

  await using file = await open(path)
  let number = 0
  for await (const line of file.lines()) console.log(`${++number} ${line}`)

  console.log(`${(await readText(path)).length} characters`)
})
