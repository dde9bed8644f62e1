import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { settle } from 'spool/testing'

let collect: (() => void) | undefined

/** How many of these are still there, once what was begun is done and the garbage is collected. */
export async function countAlive(refs: readonly WeakRef<object>[]): Promise<number> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  await settle()
  collect()
  return refs.filter((ref) => ref.deref() !== undefined).length
}
