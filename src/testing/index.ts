export { checkNoLeaks } from './check-no-leaks.ts'
export { MockClock, type MockClockOptions } from './mock-clock.ts'
export type {
  MockReply,
  RecordedRequest,
  Reply,
  ReplyOptions,
  RouteOptions,
  URLPattern,
} from './mock-replies.ts'
export { MockTransport } from './mock-transport.ts'
export { SeededOrder } from './seeded-order.ts'
export { settle } from './settle.ts'
export { checkStream, type CheckStreamOptions, type StreamPair } from './check-stream.ts'
export { TestClient, type TestClientOptions } from './test-client.ts'
export { TestServer, type TestServerOptions } from './test-server.ts'
