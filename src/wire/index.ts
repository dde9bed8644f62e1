export { ProtocolError, type ProtocolErrorOptions } from './errors.ts'
export { BodyLength, chunkHead, chunkTail, lastChunk } from './http1/writing/body-writer.ts'
export { hasBody } from './http1/framing.ts'
export { writeFields, writeRequestHead, writeResponseHead } from './http1/writing/head-writer.ts'
export { defaultLimits, type HTTP1Limits } from './http1/limits.ts'
export type {
  FieldList,
  Framing,
  MinorVersion,
  RequestEvents,
  RequestHead,
  ResponseEvents,
  ResponseHead,
} from './http1/messages.ts'
export { reasonPhrases } from './http1/writing/reason-phrases.ts'
export { RequestParser } from './http1/request-parser.ts'
export { ResponseParser } from './http1/response-parser.ts'
