/** A number of bytes that was asked for: a whole one, or `Infinity`. */
export function checkSize(of: string, value: number, least: number): number {
  if (typeof value !== 'number') {
    throw new TypeError(`Invalid ${of} "${String(value)}": expected a number of bytes`)
  }
  if (!(value >= least) || (value !== Infinity && !Number.isInteger(value))) {
    throw new RangeError(`Invalid ${of} ${value}: expected ${least} bytes or more`)
  }
  return value
}
