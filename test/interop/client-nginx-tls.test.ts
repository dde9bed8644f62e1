import { X509Certificate } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClientSession } from 'spool/client'
import { certificates } from '../support/certificates.ts'
import { freePort, type Nginx, startNginx, TemporaryFolder } from '../support/processes.ts'
import { describeWithProgram } from '../support/programs.ts'

const { ca, client, encryptedClientKey } = certificates

describeWithProgram('nginx', 'the client with nginx and TLS', (program) => {
  const folder = new TemporaryFolder()
  let nginx: Nginx
  let base: string

  beforeAll(async () => {
    chmodSync(folder.path, 0o755)
    const cert = folder.write('cert.pem', certificates.localhost.cert)
    const key = folder.write('key.pem', certificates.localhost.key)
    const authority = folder.write('ca.pem', ca)
    const port = await freePort()
    nginx = await startNginx(
      program,
      `listen 127.0.0.1:${port} ssl;
      ssl_certificate ${cert}; ssl_certificate_key ${key};
      ssl_client_certificate ${authority}; ssl_verify_client optional;
      ssl_session_cache shared:all:1m; ssl_protocols TLSv1.2 TLSv1.3;
      location / { return 200 "$ssl_client_verify $ssl_client_s_dn $ssl_session_reused $ssl_server_name"; }
      location /closing { keepalive_requests 2; return 200 "$connection"; }
      location /hinted { keepalive_timeout 60s 2s; return 200 "$connection"; }`,
      'default_type text/plain;',
    )
    base = `https://localhost:${port}`
  })

  afterAll(async () => {
    await nginx[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  it('checks its certificate, and names the server that it wants', async () => {
    await using session = new ClientSession({ baseUrl: base, tls: { ca } })
    expect(await session.get('/').text()).toBe('NONE  . localhost')
    await using trusting = new ClientSession({ baseUrl: base })
    await expect(trusting.get('/')).rejects.toMatchObject({ phase: 'tls', why: 'untrusted' })
  })

  it('shows a certificate of its own, whose key may be encrypted', async () => {
    for (const tls of [
      { ca, ...client },
      { ca, cert: client.cert, key: encryptedClientKey, passphrase: 'secret' },
    ]) {
      await using session = new ClientSession({ baseUrl: base, tls })
      expect(await session.get('/').text()).toMatch(/^SUCCESS CN=/)
    }
  })

  it('takes the certificate that is pinned, and no other', async () => {
    const fingerprint = new X509Certificate(certificates.localhost.cert).fingerprint256
    await using session = new ClientSession({ baseUrl: base, tls: { ca, fingerprint } })
    expect(await session.get('/').text()).toMatch(/^NONE/)
    const tls = { ca, fingerprint: new X509Certificate(ca).fingerprint256 }
    await expect(session.get('/', { tls })).rejects.toMatchObject({ why: 'pin-mismatch' })
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'resumes sessions of at least %s',
    async (minVersion) => {
      const tls = {
        ca,
        minVersion,
        ...(minVersion === 'TLSv1.2' ? { ciphers: 'ECDHE+AESGCM' } : {}),
      }
      await using session = new ClientSession({ baseUrl: base, tls, keepAlive: 0 })
      expect(await session.get('/').text()).toMatch(/ \. localhost$/)
      expect(await session.get('/').text()).toMatch(/ r localhost$/)
      expect(session.statistics().opened).toBe(2)
    },
  )

  it('opens another connection when it has closed one after its number of requests', async () => {
    await using session = new ClientSession({ baseUrl: base, tls: { ca } })
    const connections: string[] = []
    for (let count = 0; count < 6; count++) connections.push(await session.get('/closing').text())
    expect(new Set(connections).size).toBe(3)
    expect(session.statistics().opened).toBe(3)
  })

  it('keeps an idle connection for a shorter time than it announces', async () => {
    await using session = new ClientSession({ baseUrl: base, tls: { ca } })
    const before = performance.now()
    const first = await session.get('/hinted').text()
    const second = await session.get('/hinted').text()
    // On a machine that was busy for a second the connection is too old, which is what the hint is for.
    expect(second === first || performance.now() - before >= 1000).toBe(true)
    await using response = await session.get('/hinted')
    expect(response.headers.get('keep-alive')).toBe('timeout=2')
  })
})
