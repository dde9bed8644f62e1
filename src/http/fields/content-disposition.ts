/** `Content-Disposition: attachment` (RFC 6266), with file names in any script (RFC 8187). */

/**
 * The field that makes a browser save a response under `name`. Folders in the name are left out, as a
 * browser does. A name beyond ASCII comes twice: for clients that read RFC 8187 and for those that don't.
 */
export function attachmentNamed(name: string): string {
  const base = name.split(/[/\\]/).at(-1) ?? ''
  // Control characters have no business in a name.
  const clean = base.replaceAll(/\p{Cc}/gu, '').toWellFormed()
  if (clean === '') return 'attachment'
  const plain = clean.replaceAll(/[^\x20-\x7e]/gu, '_')
  const quoted = `attachment; filename="${plain.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  // A "%" in the plain form is decoded by some browsers, so that the extended form says what is meant.
  if (plain === clean && !clean.includes('%')) return quoted
  return `${quoted}; filename*=UTF-8''${encodeExtended(clean)}`
}

// RFC 8187 §3.2.1: attr-char is less than what encodeURIComponent leaves.
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
