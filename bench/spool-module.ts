// Spool as it is published (dist), with the types of its source: this folder is a package of its own,
// from which `spool` can't be imported by name.
import type * as Client from '../src/client/index.ts'
import type * as IO from '../src/io/index.ts'
import type * as Root from '../src/index.ts'
import type * as Server from '../src/server/index.ts'

interface Entries {
  index: typeof Root
  client: typeof Client
  io: typeof IO
  server: typeof Server
}

export async function load<Name extends keyof Entries>(name: Name): Promise<Entries[Name]> {
  const file = name === 'index' ? 'index.js' : `${name}/index.js`
  return loadModule<Entries[Name]>(file)
}

/** A file of `dist`: for what is not published, and yet worth measuring by itself. */
export async function loadModule<Module>(file: string): Promise<Module> {
  return (await import(new URL(`../dist/${file}`, import.meta.url).href)) as Module
}
