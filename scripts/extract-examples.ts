// Writes every example of the documentation to build/examples, one module each, for the type check and
// for test/package/examples.test.ts, which runs them.
//
// An example is a `ts` block of a Markdown file or of an `@example` in src. In src the imports may be
// left out: names of published entries are imported. `ts no-run` is checked but not run.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const out = join(root, 'build/examples')
const entries = publishedNames()

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
let count = 0
for (const path of documents()) {
  const fromSource = path.endsWith('.ts')
  const text = readFileSync(join(root, path), 'utf8')
  for (const { code, line, run } of fromSource ? jsdocExamples(text) : markdownExamples(text)) {
    const name = `${path.replaceAll(/[^a-zA-Z0-9]+/g, '-')}-${line}${run ? '' : '.no-run'}.ts`
    const imports = fromSource ? missingImports(code, path) : ''
    writeFileSync(join(out, name), `// ${path}:${line}\n${imports}${code}\nexport {}\n`)
    count++
  }
}
console.log(`examples: ${count} written`)

function documents(): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  const src = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  return [
    'README.md',
    ...docs.filter((path) => path.endsWith('.md')).map((path) => `docs/${path}`),
    ...src.filter((path) => path.endsWith('.ts')).map((path) => `src/${path}`),
  ]
}

interface Example {
  code: string
  line: number
  run: boolean
}

function markdownExamples(text: string): Example[] {
  return Array.from(text.matchAll(/^```ts( no-run)?\n([\s\S]*?)^```$/gm), (match) => ({
    code: match[2] ?? '',
    line: lineAt(text, match.index),
    run: match[1] === undefined,
  }))
}

function jsdocExamples(text: string): Example[] {
  const comments = text.matchAll(/\/\*\*[\s\S]*?\*\//g)
  return Array.from(comments).flatMap((comment) => {
    const plain = comment[0].replaceAll(/^[ \t]*\* ?/gm, '')
    const start = lineAt(text, comment.index)
    return markdownExamples(plain).map((example) => ({
      ...example,
      line: start + example.line - 1,
    }))
  })
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

/** Which entries publish a name: client and server may both, each its own. */
function publishedNames(): Map<string, string[]> {
  const names = new Map<string, string[]>()
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((e) =>
    e.isDirectory(),
  )
  for (const folder of ['', ...folders.map((entry) => entry.name)]) {
    const specifier = folder === '' ? 'spool' : `spool/${folder}`
    for (const name of exportedBy(join(root, 'src', folder, 'index.ts'))) {
      names.set(name, [...(names.get(name) ?? []), specifier])
    }
  }
  return names
}

function exportedBy(path: string): string[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return [] // a layer that publishes nothing
  }
  return Array.from(text.matchAll(/export (?:type )?\{([^}]*)\}/g)).flatMap((match) =>
    (match[1] ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '' && !part.startsWith('type '))
      .map((part) => part.split(' as ').at(-1) ?? part),
  )
}

function missingImports(code: string, path: string): string {
  const wanted = new Map<string, string[]>()
  const own = `spool/${path.split('/')[1]}`
  for (const [name, specifiers] of entries) {
    if (!new RegExp(`(?<![.\\w'"\`])${name}\\b(?!\\s*:[^:?]*[,})])`).test(code)) continue
    if (new RegExp(`import[^'"]*\\b${name}\\b`).test(code)) continue
    if (new RegExp(`\\b(?:const|let|using|function|class) ${name}\\b`).test(code)) continue
    if (new RegExp(`\\bconst \\{[^}=]*\\b${name}\\b[^}]*\\} =`).test(code)) continue
    const specifier = specifiers.includes(own) ? own : (specifiers[0] ?? '')
    wanted.set(specifier, [...(wanted.get(specifier) ?? []), name])
  }
  return Array.from(
    wanted,
    ([specifier, names]) => `import { ${names.join(', ')} } from '${specifier}'\n`,
  ).join('')
}
