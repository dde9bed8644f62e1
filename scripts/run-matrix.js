// Runs the tests on every further line of Node.js that tools/matrix has. Installs them at the first run.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const lines = ['node22', 'node26']

if (!existsSync(`${root}tools/matrix/node_modules`)) run('npm', ['ci', '--prefix', 'tools/matrix'])
for (const line of lines) {
  const node = `${root}tools/matrix/node_modules/${line}/bin/node`
  if (!existsSync(node)) {
    console.error(`matrix: no ${line} for this platform`)
    process.exitCode = 1
    continue
  }
  run(node, ['--version'])
  run(node, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)])
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
