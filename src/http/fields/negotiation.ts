/**
 * What a client prefers of what there is (RFC 9110 §12): the offer with the highest quality, and of
 * equals the first offered. Without the field, or with one that can't be read, everything is as good.
 */

interface Preference {
  /** In lower case. */
  readonly value: string
  /** In thousandths. */
  readonly quality: number
}

// Enough for every browser. What follows is not looked at, so that a long field costs little.
const mostPreferences = 64
const weight = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i

/** The best of `offers`, such as `'text/html'`, for an `Accept`; undefined if it takes none of them. */
export function preferredType<T extends string>(
  accept: string | null,
  offers: readonly T[],
): T | undefined {
  const preferences = parsePreferences(accept ?? '')
  return preferences.length === 0 ? offers[0] : best(preferences, offers, typeQuality)
}

/** The best of `offers`, such as `'en'` or `'pt-BR'`, for an `Accept-Language`. A prefix counts too. */
export function preferredLanguage<T extends string>(
  accept: string | null,
  offers: readonly T[],
): T | undefined {
  const preferences = parsePreferences(accept ?? '')
  return preferences.length === 0 ? offers[0] : best(preferences, offers, languageQuality)
}

/**
 * The best of `offers`, such as `'br'`, for an `Accept-Encoding`. `identity` is taken unless it is
 * refused, and better than nothing only: any coding that the client names is preferred to it.
 */
export function preferredEncoding<T extends string>(
  accept: string | null,
  offers: readonly T[],
): T | undefined {
  // RFC 9110 §12.5.3: without the field any coding is acceptable, but a client that does not send it
  // mostly understands none.
  return best(parsePreferences(accept ?? ''), offers, encodingQuality)
}

function best<T extends string>(
  preferences: readonly Preference[],
  offers: readonly T[],
  qualityOf: (preferences: readonly Preference[], offer: string) => number,
): T | undefined {
  let best: T | undefined
  let bestQuality = 0
  for (const offer of offers) {
    const quality = qualityOf(preferences, offer.toLowerCase())
    if (quality > bestQuality) {
      best = offer
      bestQuality = quality
    }
  }
  return best
}

function parsePreferences(field: string): Preference[] {
  const preferences: Preference[] = []
  for (const element of field.split(',', mostPreferences)) {
    const [value = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase())
    if (value === '') continue
    let quality = 1_000
    // Parameters of a media type narrow it; offers have none, so that they are left out.
    const last = parameters.find((parameter) => parameter.startsWith('q='))
    if (last !== undefined) {
      const found = weight.exec(last)
      if (found === null) continue
      quality = Math.round(Number(found[1]) * 1_000)
    }
    preferences.push({ value, quality })
  }
  return preferences
}

// RFC 9110 §12.5.1: the most specific range that matches decides.
function typeQuality(preferences: readonly Preference[], offer: string): number {
  const [type = offer] = offer.split(';', 1)
  const wide = `${type.slice(0, type.indexOf('/'))}/*`
  return qualityOfFirst(preferences, [type.trim(), wide, '*/*']) ?? 0
}

// RFC 4647 §3.4, lookup: `pt-BR` is served by whoever takes `pt`; a client that asks for `en-GB` alone
// is better served with `en` than with nothing.
function languageQuality(preferences: readonly Preference[], offer: string): number {
  const prefixes: string[] = []
  for (let tag = offer; tag !== ''; tag = tag.slice(0, Math.max(0, tag.lastIndexOf('-')))) {
    prefixes.push(tag)
  }
  const exact = qualityOfFirst(preferences, prefixes)
  if (exact !== undefined) return exact
  const narrower = preferences.find(({ value }) => value.startsWith(`${offer}-`))
  return narrower?.quality ?? qualityOfFirst(preferences, ['*']) ?? 0
}

function encodingQuality(preferences: readonly Preference[], offer: string): number {
  if (offer !== 'identity') return qualityOfFirst(preferences, [offer, '*']) ?? 0
  const named = qualityOfFirst(preferences, ['identity'])
  if (named !== undefined) return named
  // The least that is more than nothing.
  return qualityOfFirst(preferences, ['*']) === 0 ? 0 : 0.5
}

function qualityOfFirst(
  preferences: readonly Preference[],
  values: readonly string[],
): number | undefined {
  for (const value of values) {
    const found = preferences.find((preference) => preference.value === value)
    if (found !== undefined) return found.quality
  }
  return undefined
}
