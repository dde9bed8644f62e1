export { CancelledError, TimeoutError } from './concurrency/errors.ts'
export { SpoolError } from './util/error.ts'
