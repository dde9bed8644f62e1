import { NoScopeError } from '../errors.ts'
import { enclosingScope } from '../scope/context.ts'
import type { ScopeGroup } from '../scope/owners.ts'
import { rootScope, Scope } from '../scope/scope.ts'
import { Task } from '../tasks/task.ts'
import { clock } from '../time/current-clock.ts'

/** A task or a group in a `TaskTree`. */
export interface TaskTreeNode {
  readonly kind: 'task' | 'group'
  readonly name: string
  /** `stopping`: it was cancelled, and is not over yet. */
  readonly state: 'waiting' | 'running' | 'stopping'
  /** How long ago it was started, in milliseconds; undefined for a group. */
  readonly age: number | undefined
  /** Where it was spawned, if `captureSpawnSites()` was in force then. */
  readonly site: string | undefined
  /** What it waits for: usually one thing, and none if it runs or waits for a foreign promise. */
  readonly waitsFor: readonly string[]
  readonly children: readonly TaskTreeNode[]
}

interface MutableNode extends TaskTreeNode {
  readonly waitsFor: string[]
  readonly children: MutableNode[]
}

/** What runs, as data; `toString()` draws it. */
export class TaskTree {
  readonly roots: readonly TaskTreeNode[]

  constructor(roots: readonly TaskTreeNode[]) {
    this.roots = roots
  }

  toString(): string {
    const lines: string[] = []
    for (const root of this.roots) draw(root, '', '', lines)
    return lines.join('\n')
  }
}

/**
 * The tasks of this program: of the `run()`, or else the outermost task group, that this code is in.
 *
 * @throws {NoScopeError} with code `SPOOL_NO_SCOPE` outside of all of them.
 */
export function taskTree(): TaskTree {
  let group: ScopeGroup | undefined = enclosingScope()?.group
  while (group?.outer !== undefined) group = group.outer
  if (group === undefined) {
    throw new NoScopeError(
      'Cannot show the task tree: call taskTree() inside run() or taskGroup(), or use allTasks()',
    )
  }
  return treeOf(group.scope)
}

/** All tasks of the process that are not over, those further out first. */
export function allTasks(): Task[] {
  return tasksBelow(rootScope)
}

/** @internal The tasks in `scope` and below it that are not over, those further out first. */
function tasksBelow(scope: Scope): Task[] {
  const tasks: Task[] = []
  collectTasks(scope, tasks)
  return tasks
}

/** @internal */
export function treeOf(scope: Scope): TaskTree {
  const top: MutableNode[] = []
  addScope(scope, top, undefined)
  return new TaskTree(top)
}

function collectTasks(scope: Scope, tasks: Task[]): void {
  const task = taskOf(scope)
  if (task !== undefined) tasks.push(task)
  for (const member of scope.members()) if (member instanceof Scope) collectTasks(member, tasks)
}

// A region, such as `timeout()`, has no node: what is in it belongs to the task around.
function addScope(scope: Scope, siblings: MutableNode[], around: MutableNode | undefined): void {
  const own = nodeOf(scope)
  if (own !== undefined) siblings.push(own)
  const node = own ?? around
  for (const member of scope.members()) {
    if (member instanceof Scope) {
      const task = taskOf(member)
      if (task?.awaitedAround === true) node?.waitsFor.push(task.describe())
      addScope(member, node?.children ?? siblings, node)
    } else if (isWait(member)) node?.waitsFor.push(member.what)
  }
}

// A `Waiter`, or what is a wait of its own kind.
function isWait(member: object): member is { readonly what: string } {
  return 'what' in member
}

// The task whose scope it is.
function taskOf(scope: Scope): Task | undefined {
  const { task } = scope
  return task instanceof Task && task.scope === scope ? task : undefined
}

function nodeOf(scope: Scope): MutableNode | undefined {
  const { group } = scope
  const task = taskOf(scope)
  const base = { waitsFor: [], children: [] }
  if (task !== undefined) {
    const state = scope.cancelled ? 'stopping' : task.state === 'waiting' ? 'waiting' : 'running'
    const age = clock().now() - task.startedAt
    return { kind: 'task', name: task.name, state, age, site: task.site, ...base }
  }
  if (group?.scope !== scope) return undefined
  const state = scope.cancelled ? 'stopping' : 'running'
  return { kind: 'group', name: group.name, state, age: undefined, site: undefined, ...base }
}

function draw(node: TaskTreeNode, first: string, rest: string, lines: string[]): void {
  lines.push(first + describeNode(node))
  for (const [index, child] of node.children.entries()) {
    const last = index === node.children.length - 1
    draw(child, rest + (last ? '└─ ' : '├─ '), rest + (last ? '   ' : '│  '), lines)
  }
}

/** @internal One line about a node: `task "page 3", running, 1.2 s, waits for sleep(), spawned at …`. */
function describeNode(node: TaskTreeNode): string {
  const parts = [`${node.kind} "${node.name}"`]
  if (node.kind === 'task' || node.state !== 'running') parts.push(node.state)
  if (node.age !== undefined) parts.push(`${(node.age / 1000).toFixed(1)} s`)
  if (node.waitsFor.length > 0) parts.push(`waits for ${node.waitsFor.join(' and ')}`)
  if (node.site !== undefined) parts.push(`spawned at ${node.site}`)
  return parts.join(', ')
}
