/**
 * The port for whatever watches tasks: an inspector, a tracer, a test. While no instrument is added,
 * a hook costs the reading of one variable.
 */
import { checkFunction, checkOptions } from '../scope/arguments.ts'
import { reportLost } from '../scope/lost-errors.ts'
import type { Task } from '../tasks/task.ts'

/** Hooks, all optional, called synchronously where it happens. One that throws is taken out. */
export interface Instrument {
  /** A task was made; it runs in a later microtask, or once a pool has a place for it. */
  taskSpawned?(task: Task): void
  /** The task takes its first step. */
  taskStarted?(task: Task): void
  /** The task is over; its `state` says how it ended. */
  taskEnded?(task: Task): void
}

const instruments = new Set<Instrument>()

/** What calls all instruments; undefined while there is none. */
export let watching: Required<Instrument> | undefined

const everyInstrument: Required<Instrument> = {
  taskSpawned(task) {
    callAll((instrument) => instrument.taskSpawned?.(task))
  },
  taskStarted(task) {
    callAll((instrument) => instrument.taskStarted?.(task))
  },
  taskEnded(task) {
    callAll((instrument) => instrument.taskEnded?.(task))
  },
}

/** Adds an instrument, until what is returned is disposed of. */
export function addInstrument(instrument: Instrument): Disposable {
  checkOptions('instrument', instrument, '{ taskEnded: (task) => count++ }')
  for (const hook of ['taskSpawned', 'taskStarted', 'taskEnded'] as const) {
    if (instrument[hook] !== undefined)
      checkFunction(`add an instrument with ${hook}`, instrument[hook])
  }
  instruments.add(instrument)
  watching = everyInstrument
  return { [Symbol.dispose]: () => remove(instrument) }
}

function remove(instrument: Instrument): void {
  instruments.delete(instrument)
  if (instruments.size === 0) watching = undefined
}

function callAll(hook: (instrument: Instrument) => void): void {
  for (const instrument of instruments) {
    try {
      hook(instrument)
    } catch (error) {
      remove(instrument)
      reportLost(error, undefined, 'an instrument')
    }
  }
}
