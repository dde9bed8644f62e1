/**
 * How much of a message is read before it is refused. Every limit is in bytes unless it says otherwise,
 * and is held while the bytes arrive, not once the whole is there.
 */
export interface HTTP1Limits {
  /** The method: longer than any that is registered (`UPDATEREDIRECTREF`), so 501 (RFC 9112 §3). */
  readonly method: number
  /** The request target: 414. Apache, nginx and IIS stop at 8 KiB, too; RFC 9112 §3 asks for 8000. */
  readonly target: number
  /** Start line and fields together, with their line ends: 431. As `node:http`. */
  readonly head: number
  /** Number of fields: 431. As Apache and Python's `http.client`. */
  readonly fields: number
  /** Number of empty lines before a request line, where RFC 9112 §2.2 asks for "at least one". */
  readonly emptyLines: number
  /** One chunk's line: size, extensions, line end. The size alone needs 16. */
  readonly chunkLine: number
  /** The chunk extensions of one message together: they carry no content, so they must stay few. */
  readonly chunkExtensions: number
  /** The trailer section of one message. */
  readonly trailers: number
  /** Number of trailer fields. */
  readonly trailerFields: number
  /** Number of informational responses before the final one. curl counts them into its head limit. */
  readonly informational: number
}

export const defaultLimits: HTTP1Limits = Object.freeze({
  method: 32,
  target: 8192,
  head: 16_384,
  fields: 100,
  emptyLines: 8,
  chunkLine: 1024,
  chunkExtensions: 16_384,
  trailers: 8192,
  trailerFields: 50,
  informational: 32,
})

/**
 * The defaults with `limits` laid over them.
 *
 * @throws RangeError if a limit is not a positive safe integer
 */
export function limitsFrom(limits: Partial<HTTP1Limits> | undefined): HTTP1Limits {
  if (limits === undefined) return defaultLimits
  for (const [name, limit] of Object.entries(limits)) {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new RangeError(`Limit "${name}" must be a positive integer, not ${limit}`)
    }
  }
  return { ...defaultLimits, ...limits }
}
