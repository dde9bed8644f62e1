/** The names of all options of `T`: one that is added to the type and not here does not compile. */
export type Names<T> = Readonly<Record<keyof T, true>>

/**
 * An option that nobody reads is a mistake that nobody sees: `timeOut: 100` would wait for five minutes, and
 * `fingerPrint` would pin nothing. Throws TypeError for a name that is not among `known`. `elsewhere`: what is
 * called otherwise in Node.js or Python, and how here.
 */
export function checkNames(
  options: object,
  known: Readonly<Record<string, true>>,
  owner: string,
  elsewhere: Readonly<Record<string, string>> = {},
): void {
  for (const name in options) {
    if (Object.hasOwn(known, name)) continue
    const like =
      (Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined) ??
      Object.keys(known).find((one) => one.toLowerCase() === name.toLowerCase())
    const hint = like === undefined ? '' : `, expected "${like}"`
    throw new TypeError(`Cannot use ${JSON.stringify(name)} as an option of ${owner}${hint}`)
  }
}
