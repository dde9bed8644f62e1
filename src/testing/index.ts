export { MockClock, type MockClockOptions } from './mock-clock.ts'
export { settle } from './settle.ts'
