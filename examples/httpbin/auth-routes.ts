import { type Application, json, type ServerRequest, ServerResponse } from 'spool/server'
import { DigestGate } from './digest-gate.ts'

/** Routes that want a name and a password, which are those in their path, or a token, which is any. */
export function addAuthRoutes(app: Application): Application {
  const gate = new DigestGate()
  return app
    .get('/basic-auth/{user}/{password}', (request) => {
      const { user, password } = request.params
      const expected = Buffer.from(`${user}:${password}`).toString('base64')
      return authorization(request) === `Basic ${expected}`
        ? json({ authenticated: true, user })
        : refusal('Basic realm="httpbin", charset="UTF-8"')
    })
    .get('/bearer', (request) => {
      const token = /^Bearer (\S+)$/.exec(authorization(request))?.[1]
      return token === undefined ? refusal('Bearer') : json({ authenticated: true, token })
    })
    .get('/digest-auth/{algorithm}/{user}/{password}', (request) => {
      const { algorithm, user, password } = request.params
      const { method, target } = request
      const asked = { method, target, authorization: authorization(request) }
      const challenge = gate.challengeFor(asked, algorithm, user, password)
      return challenge === undefined ? json({ authenticated: true, user }) : refusal(challenge)
    })
}

function authorization({ headers }: ServerRequest): string {
  return headers.get('authorization') ?? ''
}

function refusal(challenge: string): ServerResponse {
  const headers = { 'www-authenticate': challenge }
  return new ServerResponse('Unauthorized\n', { status: 401, type: 'text/plain', headers })
}
