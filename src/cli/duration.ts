const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Reads `500ms`, `30s`, `2m` or `1h`; a bare number is seconds. Undefined if it is none of them, or zero. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text)
  if (match === null) return undefined
  const duration = Number(match[1]) * (units[match[2] ?? 's'] ?? Number.NaN)
  return duration > 0 && Number.isFinite(duration) ? duration : undefined
}

/** For people: `340 ms`, `4.2 s`, `3:07`, `1:02:45`. */
export function formatDuration(duration: number): string {
  if (duration < 999.5) return `${duration < 9.95 ? duration.toFixed(1) : Math.round(duration)} ms`
  if (duration < 59_950) return `${(duration / 1000).toFixed(1)} s`
  const seconds = Math.round(duration / 1000)
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const rest = twoDigits(seconds % 60)
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${rest}` : `${minutes}:${rest}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
