import { PartFile } from '../../io/files/part-file.ts'

/**
 * Writes a body to a file, whose name it has once all of it is there. Returns how many bytes it has. Of
 * several for one path, the last that is whole has it.
 *
 * Cancellation, and whatever breaks the body: what came is dropped, and what was there before stays.
 */
export async function saveBody(body: AsyncIterable<Uint8Array>, path: string): Promise<number> {
  const file = await PartFile.create(path)
  try {
    for await (const chunk of body) await file.write(chunk)
    await file.finish()
    return file.size
  } catch (error) {
    await file.leave(false)
    throw error
  }
}
