// Every optional dependency that the lockfile names must have an entry of its own: npm ci refuses the file otherwise.
import { readFileSync } from 'node:fs'

const { packages } = JSON.parse(readFileSync(process.argv[2] ?? 'package-lock.json', 'utf8'))
let missing = 0
for (const [path, entry] of Object.entries(packages)) {
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!isLocked(path, name)) {
      missing++
      console.log(`missing ${name} of ${path}`)
    }
  }
}
console.log(`${missing} missing`)
process.exitCode = missing ? 1 : 0

// Looks the package up where Node.js would: beside the one that asks, then folder by folder upwards.
function isLocked(path, name) {
  let folder = path
  for (;;) {
    const entry = packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]
    if (entry) return Boolean(entry.version || entry.link)
    if (!folder) return false
    const at = folder.lastIndexOf('/node_modules/')
    folder = at < 0 ? '' : folder.slice(0, at)
  }
}
