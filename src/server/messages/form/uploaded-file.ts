/**
 * A file of a form that was received: in memory, or on the disk if it is large. It is removed when the
 * request is over, whatever became of it.
 */
import { ScopeMember, type Scope } from '../../../concurrency/scope/scope.ts'
import { type TemporaryFile, temporaryFile } from '../../../io/files/temporary.ts'
import type { Part } from './multipart.ts'

export class UploadedFile extends ScopeMember implements AsyncIterable<Uint8Array> {
  /** Of the field. */
  readonly name: string
  /** What the client calls it, without folders. Not to be trusted. */
  readonly filename: string
  /** What the client says that it is, such as `image/png`. Not to be trusted. */
  readonly type: string
  #size = 0
  #chunks: Uint8Array[] = []
  #disk: TemporaryFile | undefined = undefined
  #removed = false

  /** @internal Made by `receive()`. */
  constructor({ name, filename = '', type }: Part, scope: Scope | undefined) {
    super()
    this.name = name
    this.filename = filename
    this.type = type
    scope?.addMember(this)
  }

  /** @internal Reads all of the part. What is longer than `memory` bytes goes to the disk. */
  static async receive(
    part: Part,
    memory: number,
    scope: Scope | undefined,
  ): Promise<UploadedFile> {
    const file = new UploadedFile(part, scope)
    try {
      for await (const chunk of part) await file.#add(chunk, memory)
      return file
    } catch (error) {
      await file.#remove()
      throw error
    }
  }

  /** In bytes. */
  get size(): number {
    return this.#size
  }

  /** Where it is on the disk, until the request is over; undefined while it is in memory alone. */
  get path(): string | undefined {
    return this.#disk?.path
  }

  /**
   * All of it, in memory.
   *
   * Cancellation: ends the reading; the file stays and can be read again.
   */
  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    for await (const chunk of this) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  /** As `bytes()`, as UTF-8. */
  async text(): Promise<string> {
    return Buffer.from(await this.bytes()).toString()
  }

  /** The bytes, from the start each time. One reader at a time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const disk = this.#disk
    if (disk === undefined) yield* this.#chunks
    else {
      await disk.file.seek(0)
      yield* disk.file.chunks()
    }
  }

  /** @internal The request is over. */
  scopeCancelled(): void {
    void this.#remove()
  }

  async #add(chunk: Uint8Array, memory: number): Promise<void> {
    this.#size += chunk.byteLength
    if (this.#disk === undefined && this.#size <= memory) {
      this.#chunks.push(chunk)
      return
    }
    if (this.#disk === undefined) {
      this.#disk = await temporaryFile({ prefix: 'spool-upload-' })
      for (const earlier of this.#chunks.splice(0)) await this.#disk.file.write(earlier)
    }
    await this.#disk.file.write(chunk)
    // Cancelled while the file was being made.
    if (this.#removed) await this.#disk[Symbol.asyncDispose]()
  }

  async #remove(): Promise<void> {
    this.#removed = true
    this.#chunks = []
    this.memberOf?.removeMember(this)
    try {
      await this.#disk?.[Symbol.asyncDispose]()
    } catch {
      // It lies where the system removes what nobody needs.
    }
  }
}
