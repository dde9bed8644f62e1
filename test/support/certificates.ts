import { readFileSync } from 'node:fs'

function read(name: string): string {
  return readFileSync(new URL(`certificates/${name}.pem`, import.meta.url), 'utf8')
}

/** PEM texts; see the README beside the files. */
export const certificates = {
  ca: read('ca'),
  localhost: { cert: read('localhost'), key: read('localhost.key') },
  wrongName: { cert: read('wrong-name'), key: read('wrong-name.key') },
  expired: { cert: read('expired'), key: read('expired.key') },
  selfSigned: { cert: read('self-signed'), key: read('self-signed.key') },
  client: { cert: read('client'), key: read('client.key') },
  /** Its passphrase is `secret`. */
  encryptedClientKey: read('client-encrypted.key'),
}
