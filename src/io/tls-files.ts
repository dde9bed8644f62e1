import { readFileSync } from 'node:fs'
import type { ServerCertificate, ServerTLSOptions } from './transport.ts'

/** Where a certificate and its key are, as PEM. */
export interface CertificateFiles {
  certFile: string
  keyFile: string
  passphrase?: string
}

/** TLS for a server, from files that can be read again when the certificates in them are renewed. */
export interface ServerTLSFiles
  extends Omit<ServerTLSOptions, 'cert' | 'key' | 'passphrase' | 'names'>, CertificateFiles {
  /** By the name that clients ask for, as `names` of `ServerTLSOptions`. */
  names?: Readonly<Record<string, CertificateFiles>>
}

/** Reads what `options` names; options with the texts themselves are returned as they are. */
export function readTLSFiles(options: ServerTLSOptions | ServerTLSFiles): ServerTLSOptions {
  if (!('certFile' in options)) return options
  const { certFile, keyFile, names, ...rest } = options
  const read = Object.entries(names ?? {}).map(
    ([name, files]) => [name, certificateOf(files)] as const,
  )
  return { ...rest, ...certificateOf({ certFile, keyFile }), names: Object.fromEntries(read) }
}

function certificateOf({ certFile, keyFile, passphrase }: CertificateFiles): ServerCertificate {
  return {
    cert: readPEM('certificate', certFile),
    key: readPEM('key', keyFile),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
}

function readPEM(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { message } = error as Error
    throw new TypeError(`Reading the TLS ${what} "${path}" failed: ${message}`, { cause: error })
  }
}
