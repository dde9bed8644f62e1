/**
 * Programs that a property test makes up: tasks that are spawned, cancelled, timed out, that fail, hide
 * behind shields, and share a lock, a semaphore and a queue. `runProgram()` runs one and notes
 * everything that a property can be asked of.
 */
import fc from 'fast-check'
import {
  asCompleted,
  AsyncEvent,
  Barrier,
  CancelledError,
  Condition,
  createTask,
  gather,
  Lock,
  moveOnAfter,
  now,
  Pool,
  Queue,
  race,
  Semaphore,
  shield,
  sleep,
  type Task,
  TaskGroup,
  TaskGroupError,
  taskGroup,
  timeout,
  wait,
} from '../../src/index.ts'

interface Steps {
  sleep: { for: number }
  fail: object
  cancel: { up: number }
  swallow: { step: Step }
  sequence: { steps: Step[] }
  group: { body: Step; tasks: Step[] }
  owner: { tasks: Step[]; end: 'join' | 'close' | 'dispose' | 'leave' }
  start: { before: Step; after: Step }
  gather: { steps: Step[] }
  settled: { steps: Step[] }
  race: { steps: Step[] }
  timeout: { for: number; step: Step }
  moveOn: { for: number; step: Step }
  shield: { for: number; step: Step }
  lock: { step: Step }
  permit: { step: Step }
  put: object
  get: object
  createTask: { step: Step }
  wait: { steps: Step[]; until: 'first' | 'first-error' | 'all'; timeout: number }
  asCompleted: { steps: Step[]; leave: boolean }
  pool: PoolSteps
  event: { set: boolean }
  barrier: object
  condition: { notify: boolean }
}

interface PoolSteps {
  steps: Step[]
  limit: number
  how: 'submit' | 'ready' | 'await' | 'map' | 'asCompleted'
  end: 'join' | 'close' | 'cancel' | 'leave'
  timeout: number | undefined
  attempts: number
  maxQueue: number
  whenFull: 'wait' | 'drop-oldest'
}

export type Step = { [D in keyof Steps]: { do: D } & Steps[D] }[keyof Steps]

const delay = fc.integer({ min: 0, max: 30 })

function simple<D extends 'fail' | 'put' | 'get' | 'barrier'>(what: D): fc.Arbitrary<{ do: D }> {
  return fc.constant({ do: what })
}

/** Random programs of a few dozen steps. */
export const programs: fc.Arbitrary<Step> = fc.letrec<{ step: Step }>((tie) => {
  const step = tie('step')
  const some = fc.array(step, { minLength: 1, maxLength: 4, size: 'medium' })
  return {
    step: fc.oneof(
      { maxDepth: 6, depthSize: 'large', withCrossShrink: true },
      fc.record({ do: fc.constant('sleep' as const), for: delay }),
      simple('fail'),
      simple('put'),
      simple('get'),
      fc.record({ do: fc.constant('cancel' as const), up: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ do: fc.constant('swallow' as const), step }),
      fc.record({ do: fc.constant('sequence' as const), steps: some }),
      fc.record({ do: fc.constant('group' as const), body: step, tasks: some }),
      fc.record({
        do: fc.constant('owner' as const),
        tasks: some,
        end: fc.constantFrom(
          'join' as const,
          'close' as const,
          'dispose' as const,
          'leave' as const,
        ),
      }),
      fc.record({ do: fc.constant('start' as const), before: step, after: step }),
      fc.record({ do: fc.constant('gather' as const), steps: some }),
      fc.record({ do: fc.constant('settled' as const), steps: some }),
      fc.record({ do: fc.constant('race' as const), steps: some }),
      fc.record({ do: fc.constant('timeout' as const), for: delay, step }),
      fc.record({ do: fc.constant('moveOn' as const), for: delay, step }),
      fc.record({ do: fc.constant('shield' as const), for: delay, step }),
      fc.record({ do: fc.constant('lock' as const), step }),
      fc.record({ do: fc.constant('permit' as const), step }),
      fc.record({ do: fc.constant('createTask' as const), step }),
      fc.record({
        do: fc.constant('wait' as const),
        steps: some,
        until: fc.constantFrom('first' as const, 'first-error' as const, 'all' as const),
        timeout: delay,
      }),
      fc.record({ do: fc.constant('asCompleted' as const), steps: some, leave: fc.boolean() }),
      fc.record({
        do: fc.constant('pool' as const),
        steps: some,
        limit: fc.integer({ min: 1, max: 3 }),
        how: fc.constantFrom<PoolSteps['how']>('submit', 'ready', 'await', 'map', 'asCompleted'),
        end: fc.constantFrom<PoolSteps['end']>('join', 'close', 'cancel', 'leave'),
        timeout: fc.option(delay, { nil: undefined }),
        attempts: fc.integer({ min: 1, max: 2 }),
        maxQueue: fc.integer({ min: 1, max: 2 }),
        whenFull: fc.constantFrom<PoolSteps['whenFull']>('wait', 'drop-oldest'),
      }),
      fc.record({ do: fc.constant('event' as const), set: fc.boolean() }),
      simple('barrier'),
      fc.record({ do: fc.constant('condition' as const), notify: fc.boolean() }),
    ),
  }
}).step

/** A failure that a program made on purpose. */
export class Failure extends Error {}

export class World {
  readonly lock: Lock = new Lock()
  readonly semaphore: Semaphore = new Semaphore(2)
  readonly queue: Queue<number> = new Queue({ capacity: 2 })
  readonly event: AsyncEvent = new AsyncEvent()
  readonly barrier: Barrier = new Barrier(2)
  readonly condition: Condition = new Condition()
  /** Steps that began, and that came to an end in whatever way. */
  began = 0
  ended = 0
  /** Tasks that their group was over before. */
  outlived = 0
  put = 0
  got = 0
  /** Waits that went on after what they stood in was stopped, and shields that let it through. */
  deaf = 0
  broken = 0
  /** When a group was cancelled or failed. */
  readonly stopped: Map<TaskGroup, number> = new Map()
  /** Failures that were made; those that reached a handler; those that may be dropped by rule. */
  readonly made: Set<Failure> = new Set()
  readonly reached: Map<Failure, number> = new Map()
  readonly droppable: Set<Failure> = new Set()

  stop(group: TaskGroup | undefined): void {
    if (group !== undefined && !this.stopped.has(group)) this.stopped.set(group, now())
  }

  /** How many wait still for what they share. */
  get waiting(): number {
    const shared = [this.lock, this.semaphore, this.event, this.barrier, this.condition]
    const { getting, putting } = this.queue.statistics()
    return shared.reduce((sum, one) => sum + one.statistics().waiting, getting + putting)
  }

  /** Notes every failure in an error that reached somebody. */
  note(error: unknown): void {
    if (error instanceof TaskGroupError) for (const inner of error.errors) this.note(inner)
    else if (error instanceof Failure) this.reached.set(error, (this.reached.get(error) ?? 0) + 1)
  }
}

interface Place {
  readonly world: World
  /** The groups around, the innermost first; and those of them that can stop what runs here. */
  readonly groups: readonly TaskGroup[]
  readonly exposedTo: readonly TaskGroup[]
  /** When what runs here is stopped; and when the innermost group is. */
  readonly deadline: number
  readonly groupDeadline: number
  /**
   * Inside what drops failures by rule: `gather()` after the first, `race()` those of the losers,
   * `gather.settled()` all if it is cancelled.
   */
  readonly dropping: boolean
}

/** Runs a program to its end, and returns what can be said about it. */
export async function runProgram(program: Step): Promise<World> {
  const world = new World()
  try {
    // What waits for ever, such as for an item that nobody puts, is stopped by time.
    await moveOnAfter(1_000, () =>
      taskGroup((group) =>
        run(program, {
          world,
          groups: [group],
          exposedTo: [group],
          deadline: Infinity,
          groupDeadline: Infinity,
          dropping: false,
        }),
      ),
    )
  } catch (error) {
    world.note(error)
  }
  return world
}

async function run<D extends keyof Steps>(
  step: { do: D } & Steps[D],
  place: Place,
): Promise<unknown> {
  place.world.began++
  try {
    return await perform[step.do](step, place)
  } finally {
    place.world.ended++
  }
}

const perform: { [D in keyof Steps]: (step: Steps[D], place: Place) => unknown } = {
  async sleep(step, { world, exposedTo, deadline }) {
    await sleep(step.for)
    const late = exposedTo.some((group) => (world.stopped.get(group) ?? Infinity) < now())
    if (late || deadline < now()) world.deaf++
  },
  fail: (_, place) => fail(place),
  cancel(step, { groups, world }) {
    const group = groups[Math.min(step.up, groups.length - 1)]
    world.stop(group)
    group?.cancel()
  },
  swallow: ({ step }, place) => run(step, place).catch((error: unknown) => place.world.note(error)),
  async sequence({ steps }, place) {
    for (const step of steps) await run(step, place)
  },
  group: ({ body, tasks }, place) => runGroup(body, tasks, place),
  owner: ({ tasks, end }, place) => runOwner(tasks, end, place),
  start: ({ before, after }, place) => start(before, after, place),
  gather: ({ steps }, place) => gather(...functions(steps, { ...place, dropping: true })),
  race: ({ steps }, place) => race(...functions(steps, { ...place, dropping: true })),
  settled: ({ steps }, place) => settled(steps, { ...place, dropping: true }),
  timeout: (step, place) => timeout(step.for, () => run(step.step, until(step.for, place))),
  moveOn: (step, place) => moveOnAfter(step.for, () => run(step.step, until(step.for, place))),
  async shield({ for: length, step }, place) {
    // Bounded, so that what waits for ever ends.
    const limit = length + 50
    const deadline = now() + limit
    // What is left behind in it is protected for as long as it lasts.
    const inside = { ...place, exposedTo: [], deadline, groupDeadline: Infinity }
    try {
      await shield(() => run(step, inside), { timeout: limit })
    } catch (error) {
      if (CancelledError.is(error)) place.world.broken++
      throw error
    }
  },
  async lock({ step }, place) {
    using _ = await place.world.lock.acquire()
    await run(step, place)
  },
  async permit({ step }, place) {
    using _ = await place.world.semaphore.acquire()
    await run(step, place)
  },
  async put(_, { world }) {
    await world.queue.put(world.put)
    world.put++
  },
  async get(_, { world }) {
    await world.queue.get()
    world.got++
  },
  createTask({ step }, place) {
    // In the group, whatever else this stands in: no shield, and no deadline of a region.
    const inside = { ...place, exposedTo: [], deadline: Infinity, groupDeadline: Infinity }
    createTask(() => run(step, inside))
  },
  wait: (step, place) => waitFor(step, place),
  async asCompleted({ steps, leave }, place) {
    const results = asCompleted(functions(steps, { ...place, dropping: true }))
    for await (const _ of results) if (leave) break
  },
  pool: (step, place) => runPool(step, place),
  async event({ set }, { world }) {
    if (set) world.event.set()
    else await world.event.wait()
  },
  async barrier(_, { world }) {
    await world.barrier.wait()
  },
  async condition({ notify }, { world: { condition } }) {
    using _ = await condition.acquire()
    if (notify) condition.notify()
    else await condition.wait()
  },
}

async function waitFor(step: Steps['wait'], place: Place): Promise<void> {
  const { steps, until, timeout: length } = step
  await taskGroup(async (group) => {
    const task = tasksOf(group, place)
    const tasks = steps.map((one) => spawn(group, task(one), place))
    const { done, pending } = await wait(tasks, { until, timeout: length })
    if (done.length + pending.length !== tasks.length) throw new Error('wait() lost a task')
    place.world.stop(group)
    group.cancel()
  })
}

async function runPool(step: PoolSteps, place: Place): Promise<void> {
  const { limit, end, timeout: length, attempts, maxQueue, whenFull } = step
  const pool = new Pool({
    limit,
    maxQueue,
    whenFull,
    retry: { attempts, delay: 5, jitter: 0 },
    ...(length === undefined ? {} : { timeout: length }),
  })
  // What a region leaves behind goes on in the group around; what is tried again drops its failure.
  const deadline = end === 'leave' ? place.groupDeadline : place.deadline
  const inside = { ...place, deadline, dropping: place.dropping || attempts > 1 }
  const task = (one: Step): Promise<unknown> =>
    run(one, length === undefined ? inside : until(length, inside))
  let failure: { error: unknown } | undefined
  try {
    await usePool(pool, step, task, inside)
  } catch (error) {
    failure = { error }
  }
  try {
    if (end === 'join') await pool.join()
    if (end === 'cancel') pool.cancel()
    if (end !== 'leave') await pool.close()
  } catch (error) {
    if (failure === undefined) throw error
    place.world.note(error)
  }
  if (failure !== undefined) throw failure.error
}

async function usePool(
  pool: Pool,
  { how, steps }: PoolSteps,
  task: (step: Step) => Promise<unknown>,
  inside: Place,
): Promise<void> {
  // Of a batch only the first failure is thrown.
  const dropping = { ...inside, dropping: true }
  const one = (step: Step): Promise<unknown> => run(step, dropping)
  if (how === 'map') await pool.map(steps, one)
  if (how === 'asCompleted') for await (const _ of pool.asCompleted(steps, one)) break
  if (how === 'submit') for (const step of steps) pool.submit(() => task(step))
  if (how === 'await') for (const step of steps) await pool.submit(() => task(step))
  if (how === 'ready') {
    for (const step of steps) {
      await pool.ready()
      pool.submit(() => task(step))
    }
  }
}

function until(length: number, place: Place): Place {
  return { ...place, deadline: Math.min(place.deadline, now() + length) }
}

/** What makes a task of a group out of a step. */
function tasksOf(group: TaskGroup, place: Place): (step: Step) => () => Promise<void> {
  const inside = {
    ...place,
    groups: [group, ...place.groups],
    exposedTo: [group, ...place.exposedTo],
    groupDeadline: place.deadline,
  }
  return (step) => async () => {
    await run(step, inside)
  }
}

/** A group learns of a failure once the task is over, and with it what the task had left behind. */
function spawn(group: TaskGroup, fn: () => Promise<void>, { world }: Place): Task {
  const task = group.spawn(fn)
  task.addDoneCallback(() => {
    if (task.state === 'failed') world.stop(group)
  })
  return task
}

function functions(steps: readonly Step[], place: Place): (() => Promise<unknown>)[] {
  return steps.map((step) => () => run(step, place))
}

async function settled(steps: readonly Step[], place: Place): Promise<void> {
  const results = await gather.settled(...functions(steps, place))
  for (const result of results) if (result.status === 'rejected') place.world.note(result.reason)
}

function fail({ world, dropping }: Place): never {
  const failure = new Failure(`failure ${world.made.size}`)
  world.made.add(failure)
  if (dropping) world.droppable.add(failure)
  throw failure
}

async function runGroup(body: Step, steps: readonly Step[], place: Place): Promise<unknown> {
  const tasks: Task[] = []
  try {
    return await taskGroup((group) => {
      const task = tasksOf(group, place)
      for (const step of steps) tasks.push(spawn(group, task(step), place))
      return runBody(group, task(body), place)
    })
  } finally {
    place.world.outlived += tasks.filter((task) => !task.done).length
  }
}

async function runBody(
  group: TaskGroup,
  body: () => Promise<void>,
  { world }: Place,
): Promise<void> {
  try {
    await body()
  } catch (error) {
    if (!CancelledError.is(error)) world.stop(group)
    throw error
  }
}

async function runOwner(
  steps: readonly Step[],
  end: 'join' | 'close' | 'dispose' | 'leave',
  place: Place,
): Promise<void> {
  const group = new TaskGroup()
  // What a region leaves behind goes on in the group around.
  const deadline = end === 'leave' ? place.groupDeadline : place.deadline
  const task = tasksOf(group, { ...place, deadline })
  for (const step of steps) spawn(group, task(step), place)
  if (end === 'leave') return
  try {
    if (end === 'join') await group.join()
    if (end === 'close') await group.close()
  } finally {
    await group[Symbol.asyncDispose]()
    place.world.outlived += group.size
  }
}

async function start(before: Step, after: Step, place: Place): Promise<void> {
  // Not in one that a shield is in: what stops that stops the task too.
  const [group] = place.exposedTo
  if (group === undefined || !group.open) return
  await group.start(async (ready) => {
    await run(before, place)
    ready()
    // Now it is one of the group, whatever else its starter stands in.
    await run(after, { ...place, deadline: place.groupDeadline })
  })
}
