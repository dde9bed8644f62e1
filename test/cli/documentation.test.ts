import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/command-line.ts'
import { RecordedStreams } from './recorded-streams.ts'

const root = new URL('../../', import.meta.url)

function textOf(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

async function helpOf(...args: string[]): Promise<string> {
  const streams = new RecordedStreams()
  expect(await runCommandLine([...args, '--help'], streams)).toBe(0)
  return streams.stdout.text
}

/** The options that a help lists, with those that it mentions in their texts. */
function optionsIn(help: string): Set<string> {
  return new Set(Array.from(help.matchAll(/--[a-z][a-z-]*/g), ([option]) => option))
}

const boxes = Array.from(
  textOf('docs/cli.md').matchAll(/^```text\n([\s\S]*?)^```$/gm),
  ([, box]) => box,
)
const commands = ['fetch', 'get', 'ws', 'serve']

describe('docs/cli.md', () => {
  it('has the help of spool and of each command, word for word', async () => {
    expect(boxes).toEqual([
      await helpOf(),
      ...(await Promise.all(commands.map((command) => helpOf(command)))),
    ])
  })

  it.each(commands)('lists every option that spool %s reads, and no other', async (command) => {
    const source = textOf(`src/cli/${command}/options.ts`)
    const definitions = /^const definitions = \{\n([\s\S]*?)^\} as const$/m.exec(source)?.[1] ?? ''
    const read = Array.from(
      definitions.matchAll(/^ {2}'?([a-z-]+)'?: \{/gm),
      ([, name]) => `--${name}`,
    )
    expect(read.length).toBeGreaterThan(5)
    expect(Array.from(optionsIn(await helpOf(command))).toSorted()).toEqual(read.toSorted())
  })

  it('names a section for each command, and each command in the help of spool', async () => {
    const sections = Array.from(
      textOf('docs/cli.md').matchAll(/^## spool (\w+)$/gm),
      ([, name]) => name,
    )
    expect(sections).toEqual(commands)
    const listed = Array.from((await helpOf()).matchAll(/^ {2}spool (\w+)/gm), ([, name]) => name)
    expect(listed).toEqual(commands)
  })
})
