import { describe, expect, it } from 'vitest'
import { AccessLogLines } from '../../../src/cli/serve/access-log-lines.ts'
import { RecordedOutput } from '../recorded-streams.ts'

class SlowOutput extends RecordedOutput {
  readonly waiting: (() => void)[] = []

  override async write(data: string | Uint8Array): Promise<void> {
    await super.write(data)
    await new Promise<void>((resolve) => this.waiting.push(resolve))
  }
}

describe('AccessLogLines', () => {
  it('info() keeps no more than 1 MiB for a slow reader, and says how many lines it lost', async () => {
    const output = new SlowOutput()
    const lines = new AccessLogLines(output)
    const line = 'x'.repeat(1_023)
    for (let count = 0; count < 1_030; count++) lines.info(line)
    expect(output.bytes.length).toBe(1_024 * 1_024)
    await new Promise((resolve) => setImmediate(resolve))
    for (const written of output.waiting) written()
    await new Promise((resolve) => setImmediate(resolve))
    lines.info('after')
    expect(output.text.slice(-70)).toMatch(
      /\n\(6 lines lost: the reader of this log was too slow\)\nafter\n$/,
    )
  })

  it('info() goes on when its reader has left', async () => {
    const output = new RecordedOutput()
    output.error = new Error('gone')
    const lines = new AccessLogLines(output)
    for (let count = 0; count < 2_000; count++) {
      lines.info('x'.repeat(1_000))
      await new Promise((resolve) => setImmediate(resolve))
    }
    output.error = undefined
    lines.info('after')
    expect(output.text).toBe('after\n')
  })
})
