/**
 * Every function and option that takes something of a kind, given what is not of that kind: a TypeError or
 * a RangeError that quotes the value and says what is allowed, thrown or rejected at once, and nothing
 * is left running.
 */
import { expect, test } from 'vitest'
import {
  abortable,
  addInstrument,
  asCompleted,
  Barrier,
  BoundedSemaphore,
  callLater,
  CapacityLimiter,
  Condition,
  ContextVar,
  createTask,
  Future,
  gather,
  LifoQueue,
  Lock,
  moveOnAfter,
  periodic,
  Pool,
  type PoolOptions,
  PriorityQueue,
  Queue,
  race,
  reportSlowCallbacks,
  reportUnresponsiveTasks,
  type RetryOptions,
  run,
  type RunOptions,
  Semaphore,
  shield,
  sleep,
  sleepUntil,
  type SubmitOptions,
  TaskGroup,
  type TaskGroupOptions,
  TaskGroupError,
  taskGroup,
  timeout,
  timeoutAt,
  type TimeoutScope,
  wait,
} from 'spool'
import { checkNoLeaks, MockClock, SeededOrder } from 'spool/testing'
import { show } from '../../src/concurrency/scope/arguments.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Bad = any

const values: Record<string, unknown> = {
  null: null,
  undefined,
  NaN,
  '-1': -1,
  '"5"': '5',
  Object: { surplus: 1 },
  Infinity,
  true: true,
}

const fn = async (): Promise<number> => 1
const nothing = (): void => undefined
const ignored = (disposable: Disposable): void => disposable[Symbol.dispose]()
const none = ''

/** What the call is of, what it does with a value, and those of the values that it takes. */
type Row = readonly [name: string, call: (value: Bad) => unknown, takes: string]

const inGroup = (body: (group: TaskGroup) => unknown) => taskGroup(async (group) => body(group))
const pool = (options: Partial<Record<keyof PoolOptions, Bad>>) =>
  new Pool({ limit: 1, ...options })
const adaptive = (options: object) => new Pool({ limit: 'adaptive', ...options })
const retry = (options: Partial<Record<keyof RetryOptions, Bad>>) =>
  pool({ retry: { attempts: 2, ...options } })
const submit = (options: Partial<Record<keyof SubmitOptions, Bad>>) =>
  pool({}).submit(fn, options).then(nothing)
const mock = (options: Bad) => ignored(MockClock.install(options))
const rescheduled = (move: (scope: TimeoutScope) => void) => timeout(5, move)

const functions: Row[] = [
  ['run()', (v) => run(v), none],
  ['taskGroup()', (v) => taskGroup(v), none],
  ['group.spawn()', (v) => inGroup((group) => group.spawn(v)), none],
  ['group.start()', (v) => inGroup((group) => group.start(v)), none],
  ['createTask()', (v) => inGroup(() => createTask(v)), none],
  ['gather()', (v) => gather(fn, v), none],
  ['gather.settled()', (v) => gather.settled(fn, v), none],
  ['race()', (v) => race(fn, v), none],
  ['asCompleted()', (v) => asCompleted(v), none],
  ['asCompleted([ ])', (v) => asCompleted([v]), none],
  ['timeout(5, )', (v) => timeout(5, v), none],
  ['timeoutAt(5, )', (v) => timeoutAt(5, v), none],
  ['moveOnAfter(5, )', (v) => moveOnAfter(5, v), none],
  ['shield()', (v) => shield(v), none],
  ['callLater(1, )', (v) => callLater(1, v), none],
  ['periodic(1, )', (v) => periodic(1, v), none],
  ['abortable()', (v) => abortable(v), none],
  ['variable.run()', (v) => new ContextVar('x').run(1, v), none],
  ['future.addDoneCallback()', (v) => new Future().addDoneCallback(v), none],
  ['future.removeDoneCallback()', (v) => new Future().removeDoneCallback(v), none],
  ['condition.waitFor()', (v) => new Condition().waitFor(v), none],
  ['pool.submit()', (v) => pool({}).submit(v), none],
  ['pool.map([], )', (v) => pool({}).map([], v), none],
  ['pool.asCompleted([], )', (v) => pool({}).asCompleted([], v), none],
  ['pool.on("idle", )', (v) => pool({}).on('idle', v), none],
  ['Pool keyLimit', (v) => pool({ keyLimit: v }), 'undefined Infinity'],
  ['Pool isOverload', (v) => adaptive({ adaptive: { isOverload: v } }), 'undefined'],
  ['Pool retryIf', (v) => retry({ retryIf: v }), 'undefined'],
  ['Pool random', (v) => retry({ random: v }), 'undefined'],
  ['PriorityQueue priority', (v) => new PriorityQueue({ capacity: 1, priority: v }), none],
  ['reportSlowCallbacks()', (v) => reportSlowCallbacks(v), none],
  ['reportUnresponsiveTasks()', (v) => reportUnresponsiveTasks(v), none],
  ['checkNoLeaks()', (v) => checkNoLeaks(v), none],
]

const numbers: Row[] = [
  ['sleep()', (v) => moveOnAfter(1, () => sleep(v)), 'Infinity'],
  ['sleepUntil()', (v) => moveOnAfter(1, () => sleepUntil(v)), '-1 Infinity'],
  ['timeout()', (v) => timeout(v, fn), 'Infinity'],
  ['timeoutAt()', (v) => timeoutAt(v, fn), '-1 Infinity'],
  ['moveOnAfter()', (v) => moveOnAfter(v, fn), 'Infinity'],
  ['scope.reschedule()', (v) => rescheduled((scope) => scope.reschedule(v)), '-1 Infinity'],
  ['scope.restart()', (v) => rescheduled((scope) => scope.restart(v)), 'undefined Infinity'],
  ['shield timeout', (v) => shield(fn, { timeout: v }), 'undefined Infinity'],
  ['callLater()', (v) => ignored(callLater(v, nothing)), 'Infinity'],
  ['periodic()', (v) => moveOnAfter(1, () => periodic(v, nothing)), none],
  ['periodic jitter', (v) => stopped(periodic, { jitter: v }), 'undefined'],
  ['wait timeout', (v) => wait([done()], { timeout: v }), 'undefined Infinity'],
  ['run grace', (v) => run(fn, { grace: v }), 'undefined Infinity'],
  ['TaskGroup deadline', (v) => group({ deadline: v }), 'undefined -1 Infinity'],
  ['Semaphore', (v) => new Semaphore(v), none],
  ['BoundedSemaphore', (v) => new BoundedSemaphore(v), none],
  ['CapacityLimiter', (v) => new CapacityLimiter(v), 'Infinity'],
  ['limiter.total', (v) => (new CapacityLimiter(1).total = v), 'Infinity'],
  ['Barrier', (v) => new Barrier(v), none],
  ['condition.notify()', (v) => notified(v), 'undefined'],
  ['Queue capacity', (v) => new Queue({ capacity: v }), 'Infinity'],
  ['LifoQueue capacity', (v) => new LifoQueue({ capacity: v }), 'Infinity'],
  ['PriorityQueue capacity', (v) => priorityQueue({ capacity: v }), 'Infinity'],
  ['priority of an item', (v) => priorityQueue({}).put(v), '-1 Infinity'],
  ['Pool limit', (v) => pool({ limit: v }), 'Infinity'],
  ['pool.resize()', (v) => pool({}).resize(v), 'Infinity'],
  ['Pool min', (v) => adaptive({ min: v }), 'undefined'],
  ['Pool max', (v) => adaptive({ max: v }), 'undefined Infinity'],
  ['Pool initial', (v) => adaptive({ adaptive: { initial: v } }), 'undefined'],
  ['Pool maxLoopDelay', (v) => adaptive({ adaptive: { maxLoopDelay: v } }), 'undefined Infinity'],
  ['Pool maxQueue', (v) => pool({ maxQueue: v }), 'undefined Infinity'],
  ['Pool keyLimit()', (v) => pool({ keyLimit: () => v }).submit(fn, { key: 1 }), 'Infinity'],
  ['Pool rate limit', (v) => pool({ rate: { limit: v } }), none],
  ['Pool rate interval', (v) => pool({ rate: { limit: 1, interval: v } }), 'undefined'],
  ['Pool rate burst', (v) => pool({ rate: { limit: 1, burst: v } }), 'undefined'],
  ['Pool timeout', (v) => pool({ timeout: v }), 'undefined Infinity'],
  ['Pool retry attempts', (v) => retry({ attempts: v }), 'Infinity'],
  ['Pool retry delay', (v) => retry({ delay: v }), 'undefined'],
  ['Pool retry factor', (v) => retry({ factor: v }), 'undefined'],
  ['Pool retry maxDelay', (v) => retry({ maxDelay: v }), 'undefined'],
  ['Pool retry jitter', (v) => retry({ jitter: v }), 'undefined'],
  ['submit priority', (v) => submit({ priority: v }), 'undefined -1 Infinity'],
  ['submit timeout', (v) => submit({ timeout: v }), 'undefined Infinity'],
  ['reportSlowCallbacks threshold', (v) => slow({ threshold: v }), 'undefined Infinity'],
  ['reportUnresponsiveTasks grace', (v) => unresponsive({ grace: v }), 'undefined Infinity'],
  ['MockClock start', (v) => mock({ start: v }), 'undefined'],
  ['clock.advance()', (v) => advanced(v), none],
  ['SeededOrder', (v) => ignored(SeededOrder.install(v)), '-1'],
]

const others: Row[] = [
  ['wait()', (v) => wait(v), none],
  ['wait([ ])', (v) => wait([v]), none],
  ['wait until', (v) => wait([done()], { until: v }), 'undefined'],
  ['pool.map()', (v) => pool({}).map(v, fn), '"5"'],
  ['pool.asCompleted()', (v) => pool({}).asCompleted(v, fn).next(), '"5"'],
  ['pool.on()', (v) => pool({}).on(v, nothing), none],
  ['Pool whenFull', (v) => pool({ whenFull: v }), 'undefined'],
  ['Pool name', (v) => pool({ name: v }), 'undefined "5"'],
  ['run name', (v) => run(fn, { name: v }), 'undefined "5"'],
  ['run signals', (v) => run(fn, { signals: v }), 'undefined true'],
  ['TaskGroup name', (v) => group({ name: v }), 'undefined "5"'],
  ['spawn name', (v) => inGroup((around) => around.spawn(fn, { name: v })), 'undefined "5"'],
  ['submit name', (v) => submit({ name: v }), 'undefined "5"'],
  ['submit detached', (v) => submit({ detached: v }), 'undefined true'],
  ['Future name', (v) => void new Future({ name: v }), 'undefined "5"'],
  ['ContextVar', (v) => new ContextVar(v), '"5"'],
  ['variable.reset()', (v) => new ContextVar('x').reset(v), none],
  ['Condition', (v) => new Condition(v), 'undefined'],
  ['periodic immediately', (v) => stopped(periodic, { immediately: v }), 'undefined true'],
  ['queue.close immediate', (v) => queue().close({ immediate: v }), 'undefined true'],
  ['addInstrument()', (v) => ignored(addInstrument(v)), 'Object'],
  ['addInstrument({ })', (v) => ignored(addInstrument({ taskEnded: v })), 'undefined'],
  ['MockClock autoJump', (v) => mock({ autoJump: v }), 'undefined true'],
]

// None of them takes the object, which has an option that there is not.
const options: Row[] = [
  ['run', (v) => run(fn, v as RunOptions), 'undefined'],
  ['taskGroup', (v) => taskGroup(fn, v), 'undefined'],
  ['spawn', (v) => inGroup((around) => around.spawn(fn, v)), 'undefined'],
  ['start', (v) => inGroup((around) => around.start((ready) => ready(), v)), 'undefined'],
  ['createTask', (v) => inGroup(() => createTask(fn, v)), 'undefined'],
  ['wait', (v) => wait([done()], v), 'undefined'],
  ['shield', (v) => shield(fn, v), 'undefined'],
  ['periodic', (v) => stopped(periodic, v), 'undefined'],
  ['ContextVar', (v) => new ContextVar('x', v), 'undefined'],
  ['Future', (v) => void new Future(v), 'undefined'],
  ['Queue', (v) => new Queue(v), none],
  ['LifoQueue', (v) => new LifoQueue(v), none],
  ['PriorityQueue', (v) => new PriorityQueue(v), none],
  ['queue.close', (v) => queue().close(v), 'undefined'],
  ['Pool', (v) => new Pool(v), none],
  ['Pool adaptive', (v) => adaptive({ adaptive: v }), 'undefined'],
  ['Pool rate', (v) => pool({ rate: v }), 'undefined'],
  ['Pool retry', (v) => pool({ retry: v }), 'undefined Infinity'],
  ['pool.submit', (v) => pool({}).submit(fn, v).then(nothing), 'undefined'],
  ['pool.map', (v) => pool({}).map([1], fn, v), 'undefined'],
  ['pool.asCompleted', (v) => pool({}).asCompleted([1], fn, v).next(), 'undefined'],
  ['reportSlowCallbacks', (v) => slow(v), 'undefined'],
  ['reportUnresponsiveTasks', (v) => unresponsive(v), 'undefined'],
  ['MockClock.install', (v) => mock(v), 'undefined'],
]

function done(): Future {
  const future = new Future()
  future.resolve()
  return future
}

function queue(): Queue<number> {
  return new Queue({ capacity: 1 })
}

function priorityQueue(replaced: object): PriorityQueue<number> {
  return new PriorityQueue({ capacity: 1, priority: (item) => item, ...replaced })
}

function group(of: TaskGroupOptions): Promise<void> {
  return new TaskGroup(of)[Symbol.asyncDispose]()
}

function slow(of: Bad): void {
  ignored(reportSlowCallbacks(nothing, of))
}

function unresponsive(of: Bad): void {
  ignored(reportUnresponsiveTasks(nothing, of))
}

function stopped(call: typeof periodic, of: Bad): Promise<unknown> {
  return moveOnAfter(1, () => call(5, nothing, of))
}

async function notified(count: Bad): Promise<void> {
  const condition = new Condition()
  using _ = await condition.acquire()
  condition.notify(count)
}

async function advanced(by: Bad): Promise<void> {
  using clock = MockClock.install()
  await clock.advance(by)
}

/** What the call threw, or was rejected with; undefined if it was neither. */
async function refusal(call: () => unknown): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return TaskGroupError.is(error) ? error.cause : error
  }
}

function verdict(error: unknown, value: unknown): string {
  if (error === undefined) return 'taken'
  const isKind = error instanceof TypeError || error instanceof RangeError
  const { message } = error as Error
  const quotes = message.includes(show(value)) || /"surplus"|nothing/.test(message)
  const says = /expected|Cannot use "surplus" as an option of/.test(message)
  return isKind && quotes && says ? 'refused' : `${(error as Error).name}: ${message}`
}

test.each(
  [...functions, ...numbers, ...others, ...options].flatMap(([name, call, takes]) =>
    Object.keys(values).map(
      (shown) => [name, shown, call, takes.split(' ').includes(shown)] as const,
    ),
  ),
)('%s with %s is refused unless it is of the kind', async (_name, shown, call, taken) => {
  using clock = MockClock.install({ autoJump: true })
  const value = values[shown]
  const error = await refusal(() => call(value))
  expect(verdict(error, value)).toBe(taken ? 'taken' : 'refused')
  expect(clock.pending).toBe(0)
})

test('what is misused says so, and by what code', async () => {
  const lock = new Lock()
  const permit = await lock.acquire()
  permit.release()
  expect(() => permit.release()).toThrow('Cannot release a permit twice: it was given back')
  expect(() => new BoundedSemaphore(2).release()).toThrow('Cannot release a permit: all 2 are free')
  const closed = queue()
  closed.close()
  await expect(closed.put(1)).rejects.toMatchObject({ code: 'SPOOL_CLOSED' })
  expect(() => closed.tryPut(1)).toThrow('Cannot put into a queue that is closed')
  expect(() => closed.taskDone()).toThrow('all items that were put are marked')
  expect(() => createTask(fn)).toThrow(
    'Cannot create a task: no open task group owns it; call createTask() inside taskGroup() or run()',
  )
  const over = await taskGroup((inner) => inner)
  expect(() => over.spawn(fn)).toThrow(/^Cannot start a task: the task group "group-\d+" is over$/)
  await expect(over.start(nothing)).rejects.toMatchObject({ code: 'SPOOL_CLOSED' })
  const future = done()
  expect(() => future.resolve()).toThrow('Cannot resolve future "future": it is done already')
  expect(() => new Future().result()).toThrow('it is not done')
  await expect(new Condition().wait()).rejects.toMatchObject({ code: 'SPOOL_NOT_HELD' })
  const ended = pool({ name: 'ended' })
  await ended.close()
  expect(() => ended.submit(fn)).toThrow('the pool "ended" is closed')
  expect(() => ended.pause()).toThrow('the pool "ended" is closed')
})
