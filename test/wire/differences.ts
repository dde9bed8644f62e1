// Where we and llhttp read the same bytes otherwise, and we are not the one who refuses them.
import fc from 'fast-check'
import { type FieldList, ProtocolError, RequestParser, ResponseParser } from 'spool/wire'
import { isTrailerName } from '../../src/wire/http1/body/trailers.ts'
import { llhttpRequests, llhttpResponse, type Reading, type Verdict } from './llhttp.ts'
import { damaged, request, response } from './message-arbitraries.ts'

/** Where we are the more lenient one and mean to be, if `cause` is in the bytes. */
const intended: readonly { difference: RegExp; cause: RegExp }[] = [
  // Any token is a method (RFC 9110 §9.1); llhttp has a list.
  {
    difference: /^we alone accept it: Parse Error: (?:Invalid method|Expected space after method)/,
    cause: /^/,
  },
  // Blanks before `;` and around `=` in a chunk extension are allowed (RFC 9112 §7.1.1, BWS).
  {
    difference: /^we alone accept it: Parse Error: Invalid character in chunk (?:size|ext)/,
    cause: /[ \t];|[;=][ \t]|[ \t]=/,
  },
]

/** Throws at the first damaged request that we take and llhttp doesn't, or takes for another. */
export async function compareRequests(parameters: fc.Parameters<[Buffer]>): Promise<void> {
  await compare(damaged(request), ourRequests, llhttpRequests, parameters)
}

/** As `compareRequests()`, for responses. */
export async function compareResponses(parameters: fc.Parameters<[Buffer]>): Promise<void> {
  await compare(damaged(response), ourResponse, llhttpResponse, parameters)
}

async function compare(
  messages: fc.Arbitrary<Buffer>,
  ours: (bytes: Uint8Array) => Verdict,
  theirs: (bytes: Uint8Array) => Promise<Verdict>,
  parameters: fc.Parameters<[Buffer]>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(messages, async (bytes) => {
      const difference = differenceOf(ours(bytes), await theirs(bytes))
      if (difference === undefined) return
      const text = bytes.toString('latin1')
      if (intended.some((one) => one.difference.test(difference) && one.cause.test(text))) return
      throw new Error(`${difference}\n${JSON.stringify(text)}`)
    }),
    parameters,
  )
}

function ourRequests(bytes: Uint8Array): Verdict {
  const collector = new Collector()
  const parser = new RequestParser(collector)
  return verdict(collector, () => {
    // It pauses behind an upgrade; nobody takes it here.
    for (let rest = bytes; rest.length > 0; parser.resume()) rest = rest.subarray(parser.feed(rest))
    parser.eof()
  })
}

function ourResponse(bytes: Uint8Array): Verdict {
  const collector = new Collector()
  const parser = new ResponseParser(collector)
  return verdict(collector, () => {
    parser.start('GET')
    parser.feed(bytes)
    parser.eof()
  })
}

/** A word on the first message that we take and llhttp doesn't, or takes for another. */
function differenceOf(ours: Verdict, theirs: Verdict): string | undefined {
  for (const [index, message] of ours.messages.entries()) {
    const other = theirs.messages[index]
    if (other === undefined) return `we alone accept it: ${theirs.error ?? 'llhttp waits'}`
    for (const part of ['start', 'fields', 'body', 'trailers'] as const) {
      const read = JSON.stringify(message[part])
      // It knows of no fields that may not be trailers.
      const otherwise = JSON.stringify(part === 'trailers' ? allowed(other.trailers) : other[part])
      if (read !== otherwise) return `${part} differ: ${read}, llhttp has ${otherwise}`
    }
  }
  return undefined
}

function allowed(trailers: readonly string[]): string[] {
  return trailers.filter((_, i) => isTrailerName(trailers[i - (i % 2)]!))
}

function verdict(collector: Collector, read: () => void): Verdict {
  let error: string | undefined
  try {
    read()
  } catch (fault) {
    if (!ProtocolError.is(fault)) throw fault
    error = fault.message
  }
  return { messages: collector.messages, error }
}

class Collector {
  readonly messages: Reading[] = []
  #start = ''
  #fields: FieldList = []
  #body = ''

  informational(): void {}

  head(
    head: { fields: FieldList } & (
      | { method: string; target: string }
      | { status: number; reason: string }
    ),
  ): void {
    this.#start =
      'status' in head ? `${head.status} ${head.reason}` : `${head.method} ${head.target}`
    this.#fields = head.fields
    this.#body = ''
  }

  body(bytes: Uint8Array): void {
    this.#body += Buffer.from(bytes).toString('latin1')
  }

  end(trailers: FieldList): void {
    this.messages.push({ start: this.#start, fields: this.#fields, body: this.#body, trailers })
  }
}
