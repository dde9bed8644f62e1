import { Fields } from '../fields.ts'
import type { UploadedFile } from './uploaded-file.ts'

/**
 * A form that was received: its fields, and its files apart from them, so that a file can't stand where
 * text is expected.
 */
export class Form extends Fields {
  readonly #files: UploadedFile[] = []

  /** @internal */
  addFile(file: UploadedFile): void {
    this.#files.push(file)
  }

  /** The first file of this name. */
  file(name: string): UploadedFile | undefined {
    return this.#files.find((file) => file.name === name)
  }

  /** All files of this name, or all there are, in the order in which they came. */
  files(name?: string): UploadedFile[] {
    return this.#files.filter((file) => name === undefined || file.name === name)
  }
}
