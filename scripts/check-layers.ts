// Checks who may import whom, what each layer may use of the platform, and how large files and folders get.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

interface Layer {
  /** Layers that it may import, besides itself. */
  below: readonly string[]
  /** Modules from outside; `file: [modules]` where one file alone may. */
  outside: readonly string[]
  only?: Readonly<Record<string, readonly string[]>>
  /** May import published entry points (index.ts) of the layers below alone. */
  entriesOnly?: boolean
}

const upToHTTP = ['util', 'wire', 'concurrency', 'io', 'http']
const all = [...upToHTTP, 'client', 'server', 'testing']

const layers: Readonly<Record<string, Layer>> = {
  util: { below: [], outside: [] },
  wire: { below: ['util'], outside: ['node:buffer'] },
  concurrency: {
    below: ['util'],
    outside: [],
    only: {
      'scope/context.ts': ['node:async_hooks'],
      'tasks/run.ts': ['node:process'],
      'observe/lost-rejections.ts': ['node:process'],
      'observe/lost-at-exit.ts': ['node:process'],
    },
  },
  io: {
    below: ['util', 'concurrency'],
    outside: [
      'node:net',
      'node:tls',
      'node:fs',
      'node:fs/promises',
      'node:dns',
      'node:dgram',
      'node:child_process',
      'node:worker_threads',
      'node:cluster',
      'node:os',
      'node:path',
      'node:stream',
      'node:string_decoder',
      'node:url',
      'node:v8',
      'node:buffer',
      'piscina',
    ],
  },
  http: {
    below: ['util', 'wire', 'concurrency', 'io'],
    outside: ['node:zlib', 'node:crypto', 'node:diagnostics_channel', 'node:stream', 'node:buffer'],
    // Of `ws`, the compression alone: what else it has would be a second framing.
    only: { 'websocket/framing/deflate-extension.ts': ['ws'] },
  },
  client: {
    below: upToHTTP,
    outside: ['node:crypto', 'node:buffer', 'tough-cookie'],
    // The variables that name proxies are read there, once for a session that asks for it.
    only: { 'connection/proxy/environment.ts': ['node:process'] },
  },
  server: {
    below: upToHTTP,
    outside: ['node:crypto', 'node:path', 'node:buffer', 'rou3', '@fastify/busboy', 'mime-types'],
  },
  testing: { below: [...upToHTTP, 'client', 'server'], outside: [] },
  cli: {
    below: all,
    outside: ['node:util', 'node:path', 'node:url', 'node:process', 'node:fs', 'node:fs/promises'],
    entriesOnly: true,
  },
}

// What the pure layer may not even name.
const impure =
  /\basync\b|\bawait\b|\bPromise\b|\bset(?:Timeout|Immediate|Interval)\b|\bqueueMicrotask\b|\bDate\b|Math\.random|\bprocess\b|\bconsole\b|\bperformance\b/

const softLimit = 250
const hardLimit = 400
const folderLimit = 15
// Folders of like parts behind one port.
const openFolders = new Set(['server/middleware', 'client/middleware'])

const root = resolve(import.meta.dirname, '../src')
const problems: string[] = []

for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name)
  if (entry.isDirectory()) checkFolder(path)
  else if (entry.name.endsWith('.ts')) checkFile(path)
}
checkFolder(root)
for (const problem of problems) console.error(problem)
console.log(`layers: ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

function checkFolder(path: string): void {
  const files = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile())
  const name = nameOf(path)
  if (files.length > folderLimit && !openFolders.has(name)) {
    problems.push(`${name}: ${files.length} files in one folder, ${folderLimit} at most`)
  }
}

function checkFile(path: string): void {
  const name = nameOf(path)
  const text = readFileSync(path, 'utf8')
  const lines = text.split('\n').length - 1
  if (lines > hardLimit) problems.push(`${name}: ${lines} lines, ${hardLimit} at most`)
  else if (lines > softLimit)
    console.log(`${name}: ${lines} lines; over ${softLimit}, which idea wants to leave?`)
  const base = path.split(sep).at(-1) ?? ''
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/.test(base)) problems.push(`${name}: not kebab-case`)
  if (/^(?:utils?|helpers?|common|misc|types)\.ts$/.test(base))
    problems.push(`${name}: names no idea`)
  const layerName = name.includes('/') ? (name.split('/')[0] ?? '') : 'root'
  if (layerName === 'root') return
  const layer = layers[layerName]
  if (layer === undefined) {
    problems.push(`${name}: no layer "${layerName}" in the table of scripts/check-layers.ts`)
    return
  }
  if (layerName === 'wire') checkPurity(name, text)
  for (const specifier of importsOf(text)) checkImport(path, name, layerName, layer, specifier)
}

function checkImport(
  path: string,
  name: string,
  own: string,
  layer: Layer,
  specifier: string,
): void {
  if (!specifier.startsWith('.')) {
    const inLayer = name.slice(own.length + 1)
    const allowed = [...layer.outside, ...(layer.only?.[inLayer] ?? [])]
    if (!allowed.includes(specifier)) problems.push(`${name}: may not use "${specifier}"`)
    return
  }
  const target = nameOf(resolve(dirname(path), specifier))
  const [targetLayer = ''] = target.split('/')
  if (targetLayer === own) return
  if (target === 'index.ts') {
    if (!layer.entriesOnly) problems.push(`${name}: may not import the root entry`)
  } else if (!layer.below.includes(targetLayer)) {
    problems.push(`${name}: "${own}" may not import "${targetLayer}" (${specifier})`)
  } else if (layer.entriesOnly && target !== `${targetLayer}/index.ts`) {
    problems.push(`${name}: may import published entry points only, not ${target}`)
  }
}

function checkPurity(name: string, text: string): void {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$|\s\/\/ .*$/gm, '')
  const found = impure.exec(code)
  if (found) problems.push(`${name}: "wire" is pure, "${found[0]}" is not`)
}

function importsOf(text: string): string[] {
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm,
  )
  return Array.from(found, (match) => match[1] ?? match[2] ?? match[3] ?? '')
}

function nameOf(path: string): string {
  return relative(root, path).split(sep).join('/') || 'src'
}
