/**
 * How one link is closed (RFC 6455 §7.1): who has said what, and what is answered. Made when the first close
 * frame is sent or read, since most connections of a crowd are open.
 *
 * 1. Both close frames, ours and the peer's, are followed by FIN. What does not come to this within the
 *    time for closing is dropped.
 * 2. What breaks the rules is answered with a close frame that says so; the rest is read away, so that the
 *    frame is not lost to a reset.
 */
import type { Transport } from '../../io/transport.ts'
import type { ProtocolError } from '../../wire/errors.ts'
import { closeCodes } from './close-code.ts'
import { closedCleanly, closedForFault, type CloseFrame } from './closing-errors.ts'
import type { ConnectionClosedError } from './connection-closed-error.ts'
import type { FrameReader } from './framing/frame-reader.ts'
import type { FrameWriter } from './framing/frame-writer.ts'
import type { Inbox } from './inbox.ts'

/** The link, as far as its closing is concerned. */
export interface ClosingLink {
  readonly transport: Transport
  readonly inbox: Inbox
  readonly reader: FrameReader | undefined
  readonly writer: FrameWriter
  /** Calls `answered()` of the link, once what came has had its time. */
  awaitAnswers(): void
  /** From now on, only the end is waited for. */
  awaitEnd(): void
  /** Nothing can be sent any more, and nothing comes. */
  endWith(error: ConnectionClosedError): void
}

export class ClosingHandshake {
  /** What our close frame said, once it is sent. */
  sent: CloseFrame | undefined = undefined
  /** Whether the peer's was read, or what can't be read: then nothing is any more. */
  read = false
  readonly #link: ClosingLink
  // The peer has closed it, and what came before is still being answered.
  #unanswered: ConnectionClosedError | undefined = undefined

  constructor(link: ClosingLink) {
    this.#link = link
  }

  /** Sends a close frame, and waits for the peer's. */
  start(code: number, reason: string): void {
    const link = this.#link
    this.sent = { code, reason }
    link.awaitEnd()
    link.writer.close(code, reason, () => undefined)
    // What still comes is read for the close frame behind it.
    link.reader?.goOn()
    link.transport.resume()
  }

  /** The peer's close frame was read. */
  concluded(code: number, reason: string): void {
    this.read = true
    const closedBy = this.sent === undefined ? 'remote' : 'local'
    this.#answerBefore(closedCleanly(code, reason, closedBy))
  }

  /** What came breaks the rules, or a limit. */
  unreadable(error: ProtocolError): void {
    this.read = true
    this.#answerBefore(closedForFault(error))
  }

  /** What came before the end is answered, or has had its time; false if none came. */
  answered(): boolean {
    const error = this.#unanswered
    if (error === undefined) return false
    this.#unanswered = undefined
    this.#conclude(error)
    return true
  }

  /**
   * RFC 6455 §5.5.1 lets our close frame wait for what is being sent. Whoever receives a message may send
   * one for it, also if the end came in the same read.
   */
  #answerBefore(error: ConnectionClosedError): void {
    const link = this.#link
    if (this.sent !== undefined || !link.inbox.busy) this.#conclude(error)
    else {
      this.#unanswered = error
      link.inbox.tellWhenAwaited()
      link.awaitAnswers()
      link.transport.resume()
    }
  }

  #conclude(error: ConnectionClosedError): void {
    const { closeCode, reason, wasClean } = error
    // RFC 6455 §5.5.1: answered with what came. Of the reason browsers tell their pages no other than ours.
    if (wasClean && closeCode === closeCodes.none) this.#finish(undefined, '', error)
    else this.#finish(closeCode, reason, error)
  }

  /** The peer has said its last: so do we, and end our side behind it. */
  #finish(code: number | undefined, reason: string, error: ConnectionClosedError): void {
    const { transport, reader, writer } = this.#link
    reader?.stop()
    this.#link.endWith(error)
    this.#link.awaitEnd()
    if (this.sent !== undefined) transport.end()
    else {
      this.sent = { code, reason }
      writer.close(code, reason, () => transport.end())
    }
    transport.resume()
  }
}
