const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** `1,234,567`, the same whatever the machine's language is. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** `13 B`, `4.1 kB`, `2.05 GB`: decimal units, three digits. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${units[unit]}`
}
