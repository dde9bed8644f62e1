import { obey } from '../harness/child.ts'
import { PythonProgram } from '../harness/python.ts'
import { fillerCount, huge, items, large, rowNamed } from '../rows.ts'

const program = new PythonProgram(new URL('aiohttp_server.py', import.meta.url))
const folder = new URL('../../test/support/certificates/', import.meta.url).pathname

obey({
  start: (row: string) =>
    program.ask<number>({
      fillers: row === 'routes' ? fillerCount : 0,
      items: items('').items,
      text: row === 'huge' ? huge : large,
      certificates: rowNamed(row).tls === true ? folder : null,
    }),
  usage: () => program.usage(),
})
