/**
 * A list such as the main job meets it: mostly pages, some of them slow, moved, failing at first, or
 * gone. Shuffled the same way each time, so that two runs can be compared.
 */
export function* sampleURLs(base: string, count: number): Generator<string> {
  for (let index = 0; index < count; index++) {
    const kind = (index * 7) % 20
    if (kind === 0) yield `${base}/slow/${50 + (index % 5) * 50}`
    else if (kind === 1) yield `${base}/redirect/${1 + (index % 3)}`
    else if (kind === 2) yield `${base}/flaky/${index}`
    else if (kind === 3) yield `${base}/missing/${index}`
    else if (kind < 8) yield `${base}/bytes/${(index % 64) * 1024}`
    else yield `${base}/greet/${index}`
  }
}
