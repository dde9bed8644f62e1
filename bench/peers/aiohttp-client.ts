import type { ClientOptions, ClientRound } from '../client-driver.ts'
import { targets } from '../exchange.ts'
import { obey } from '../harness/child.ts'
import { PythonProgram } from '../harness/python.ts'

const program = new PythonProgram(new URL('aiohttp_client.py', import.meta.url))

obey({
  start: ({ port, connections }: ClientOptions) =>
    program.ask({
      connections,
      urls: targets.map((target) => `http://127.0.0.1:${port}${target}`),
    }),
  run: (requests: number) => program.ask<ClientRound>(requests),
  usage: () => program.usage(),
})
