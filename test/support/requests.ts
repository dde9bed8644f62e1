/** A request without a body, as it goes over the wire. */
export function get(target: string, ...fields: string[]): string {
  return [`GET ${target} HTTP/1.1`, 'host: test', ...fields, '', ''].join('\r\n')
}

/** A request with a body and its length. */
export function post(target: string, body: string, ...fields: string[]): string {
  const lines = [`POST ${target} HTTP/1.1`, 'host: test', `content-length: ${body.length}`]
  return [...lines, ...fields, '', body].join('\r\n')
}
