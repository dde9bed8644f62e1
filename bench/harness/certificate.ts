import { readFileSync } from 'node:fs'

const folder = new URL('../../test/support/certificates/', import.meta.url)

/** For `localhost`, signed by itself: what the rows over TLS are served with. */
export const certificate: { readonly cert: string; readonly key: string } = {
  cert: readFileSync(new URL('self-signed.pem', folder), 'utf8'),
  key: readFileSync(new URL('self-signed.key.pem', folder), 'utf8'),
}
