// Eight digits keep a hundred million files in the order of the list.
const indexDigits = 8
// With the index and `.part` well below the 255 bytes that file systems allow.
const longestSegment = 80

/**
 * The name of the file that keeps the body of the `index`-th URL: `00000042-logo.png`.
 *
 * The index makes it unique and nothing in it can leave the folder, whatever the URL says. A URL
 * that ends in a slash is named `index`.
 */
export function fileNameFor(index: number, url: URL): string {
  const segment = url.pathname.slice(url.pathname.lastIndexOf('/') + 1)
  const safe = segment.replaceAll(/[^\w.-]+/g, '_').slice(0, longestSegment)
  return `${String(index).padStart(indexDigits, '0')}-${safe === '' ? 'index' : safe}`
}
