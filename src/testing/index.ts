export { checkNoLeaks } from './check-no-leaks.ts'
export { MockClock, type MockClockOptions } from './mock-clock.ts'
export { SeededOrder } from './seeded-order.ts'
export { settle } from './settle.ts'
