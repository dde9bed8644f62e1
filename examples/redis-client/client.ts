// A client of Redis: connections that are opened when they are needed, used by one task at a time, and used again.
import { gather, Pool, timeout } from 'spool'
import { type ByteStream, openConnection, type OpenConnectionOptions } from 'spool/io'
import { type Argument, encode, readReply, RedisError, type Reply } from './resp.ts'

export interface RedisOptions extends OpenConnectionOptions {
  /** How many connections at most. */
  connections?: number
  /** How long a command, or a pipeline, may take, in milliseconds. */
  commandTimeout?: number
}

export class RedisClient implements AsyncDisposable {
  readonly #options: RedisOptions
  readonly #commandTimeout: number
  /** Who wants a connection stands in its queue; it lets as many through as there may be connections. */
  readonly #pool: Pool
  /** Open, and used by nobody. */
  readonly #idle: ByteStream[] = []

  constructor({ connections = 4, commandTimeout = 5_000, ...options }: RedisOptions) {
    this.#options = options
    this.#commandTimeout = commandTimeout
    this.#pool = new Pool({ limit: connections, name: 'redis' })
  }

  /** Runs one command. Throws `RedisError` if the server refuses it. */
  async command(...command: [string, ...Argument[]]): Promise<Reply> {
    const [reply = null] = await this.pipeline([command])
    if (reply instanceof RedisError) throw reply
    return reply
  }

  /** Runs several commands, which are sent without waiting for the replies in between. */
  async pipeline(commands: readonly (readonly Argument[])[]): Promise<Reply[]> {
    return this.#pool.submit(() => timeout(this.#commandTimeout, () => this.#exchange(commands)))
  }

  /** The value of a key as text; undefined if there is none. */
  async get(key: string): Promise<string | undefined> {
    const value = await this.command('GET', key)
    return value === null ? undefined : text(value)
  }

  async set(key: string, value: Argument): Promise<void> {
    await this.command('SET', key, value)
  }

  async close(): Promise<void> {
    await this.#pool.close()
    for (const stream of this.#idle.splice(0)) await stream.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #exchange(commands: readonly (readonly Argument[])[]): Promise<Reply[]> {
    const stream = await this.#connection()
    try {
      // Both at once: a server that can't get rid of its replies does not read on.
      const [, replies] = await gather(
        () => stream.write(encode(commands)),
        async () => {
          const replies: Reply[] = []
          for (const _ of commands) replies.push(await readReply(stream))
          return replies
        },
      )
      this.#idle.push(stream)
      return replies
    } catch (error) {
      // Cancelled, too late or broken: what comes next on it would be the reply to somebody else's question.
      stream.abort()
      throw error
    }
  }

  /** The one that was used last, if the server has not closed it meanwhile. */
  async #connection(): Promise<ByteStream> {
    for (let stream = this.#idle.pop(); stream !== undefined; stream = this.#idle.pop()) {
      if (!stream.closed && !stream.atEnd) return stream
      stream.abort()
    }
    return openConnection(this.#options)
  }
}

/** A reply as text. */
export function text(reply: Reply): string {
  return reply instanceof Uint8Array ? Buffer.from(reply).toString() : String(reply)
}
