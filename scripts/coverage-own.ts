// Whether each file of a folder is covered, every line and branch, by its own test file alone:
// `npm run coverage:own`, or `npm run coverage:own -- src/concurrency/pool`.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const folder = process.argv[2] ?? 'src/concurrency'
let failed = 0
let checked = 0

for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort()) {
  if (!name.endsWith('.ts') || !hasCode(join(root, folder, name))) continue
  checked++
  const source = join(folder, name)
  const test = source.replace(/^src/, 'test').replace(/\.ts$/, '.test.ts')
  if (!existsSync(join(root, test))) fail(source, `has no ${test}`)
  else {
    const { status, stdout } = spawnSync(
      'npx',
      [
        'vitest',
        'run',
        test,
        '--coverage',
        '--coverage.reporter=text',
        '--coverage.thresholds.100',
        `--coverage.include=${source}`,
        `--coverage.reportsDirectory=coverage/own/${source}`,
      ],
      { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
    )
    if (status !== 0)
      fail(
        source,
        stdout.split('\n').find((line) => line.includes(`${name.split('/').at(-1)} `)) ??
          'its test fails',
      )
  }
}
console.log(`coverage:own: ${checked} files of ${folder}, ${failed} not covered by their own tests`)
process.exitCode = failed === 0 ? 0 : 1

function fail(source: string, why: string): void {
  failed++
  console.log(`${source}: ${why.trim()}`)
}

// A file of interfaces alone has nothing to cover.
function hasCode(path: string): boolean {
  return /^(?:export )?(?:default )?(?:async )?(?:abstract )?(?:class|function|const|let)\b/m.test(
    readFileSync(path, 'utf8'),
  )
}
