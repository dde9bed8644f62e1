import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { type Application, ServerResponse } from 'spool/server'

const codings = {
  gzip: ['gzip', gzipSync],
  deflate: ['deflate', deflateSync],
  brotli: ['br', brotliCompressSync],
  zstd: ['zstd', zstdCompressSync],
} as const

/** `/gzip`, `/deflate`, `/brotli` and `/zstd` answer in that coding, whatever the client accepts. */
export function addCodingRoutes(app: Application): Application {
  for (const [name, [coding, compress]] of Object.entries(codings)) {
    app.get(`/${name}`, ({ headers }) => {
      const accepted = headers.get('accept-encoding')
      const body = compress(JSON.stringify({ coding, accepted }))
      return new ServerResponse(body, {
        type: 'application/json',
        headers: { 'content-encoding': coding },
      })
    })
  }
  return app
}
