/** Entity tags (RFC 9110 §8.8.3): what tells one state of a resource from another. */

export interface EntityTag {
  /** Between the quotes. */
  readonly tag: string
  readonly weak: boolean
}

const tagSyntax = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/
const listSyntax = /[\t ]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*)?(?:,|$)/y

/** Reads one tag; undefined if it is none. */
export function parseEntityTag(text: string): EntityTag | undefined {
  const found = tagSyntax.exec(text)
  return found === null ? undefined : { tag: found[2] as string, weak: found[1] !== undefined }
}

/** Reads the list of an `If-Match` or `If-None-Match`; `'*'` for any; what follows a fault is left out. */
export function parseEntityTags(text: string): readonly EntityTag[] | '*' {
  if (text.trim() === '*') return '*'
  const tags: EntityTag[] = []
  listSyntax.lastIndex = 0
  while (listSyntax.lastIndex < text.length) {
    const found = listSyntax.exec(text)
    if (found === null) break
    if (found[2] !== undefined) tags.push({ tag: found[2], weak: found[1] !== undefined })
  }
  return tags
}

/**
 * As it is sent. A string without quotes is a strong tag; one with them is taken as it is.
 *
 * Throws TypeError for a tag that can't be sent.
 */
export function formatEntityTag(given: string | EntityTag): string {
  const written =
    typeof given !== 'string'
      ? `${given.weak ? 'W/' : ''}"${given.tag}"`
      : given.endsWith('"')
        ? given
        : `"${given}"`
  if (tagSyntax.test(written)) return written
  throw new TypeError(`Invalid entity tag ${JSON.stringify(given)}: expected visible characters`)
}

/** RFC 9110 §8.8.3.2: the same bytes; weak tags never say that. */
export function matchesStrongly(one: EntityTag, other: EntityTag): boolean {
  return !one.weak && !other.weak && one.tag === other.tag
}

/** RFC 9110 §8.8.3.2: as good as the same. */
export function matchesWeakly(one: EntityTag, other: EntityTag): boolean {
  return one.tag === other.tag
}
