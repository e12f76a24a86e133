import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { Provider } from 'oidc-provider'

export interface OidcIssuer {
  url: string
  /** Obtains a token with client credentials, for one audience. */
  token(claims: { project: string; scope: string; audience?: string }): Promise<string>
  /** Signs arbitrary claims, valid or not, with the newest key or the previous one. */
  sign(claims: JWTPayload, key?: 'newest' | 'previous'): Promise<string>
  /** Uses a new signing key from now on. The previous one stays published on request; older ones do not. */
  rotateKeys(previous?: 'published' | 'withdrawn'): Promise<void>
  /** Overrides the response of the JWKS endpoint; null = restores it. */
  overrideJwks(listener: RequestListener | null): void
  stop(): Promise<void>
}

type IssuerKey = Awaited<ReturnType<typeof exportJWK>> & { kid: string }

const audience = 'https://switchyard.test'
const client = { id: 'batch', secret: 'the-secret-of-the-batch-client-00001' }

/** Starts a real OpenID Connect issuer on a local port. */
export async function startOidcIssuer(): Promise<OidcIssuer> {
  const server = createServer((request, response) => {
    if (jwksListener !== null && request.url === '/jwks') jwksListener(request, response)
    else void handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let project = ''
  let jwksListener: RequestListener | null = null
  const keys: IssuerKey[] = []
  let handle: ReturnType<Provider['callback']> = () => Promise.resolve()

  async function rotateKeys(previous: 'published' | 'withdrawn' = 'withdrawn'): Promise<void> {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    keys.unshift({ ...(await exportJWK(privateKey)), kid: `key-${keys.length + 1}`, use: 'sig', alg: 'ES256' })
    handle = makeProvider(url, keys.slice(0, previous === 'published' ? 2 : 1), () => project).callback()
  }

  await rotateKeys()
  return {
    url,
    rotateKeys,
    overrideJwks(listener) {
      jwksListener = listener
    },
    async sign(claims, keyName = 'newest') {
      const key = keys[keyName === 'newest' ? 0 : 1]
      if (key === undefined) throw new Error('there is no previous key')
      return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: key.kid }).sign(key)
    },
    async token({ project: projectId, scope, audience: resource = audience }) {
      project = projectId
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope, resource }),
      })
      const body = (await response.json()) as { access_token?: string }
      if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`)
      return body.access_token
    },
    stop: () => close(server),
  }
}

function makeProvider(url: string, keys: readonly IssuerKey[], projectOf: () => string): Provider {
  const scopes = 'jobs:read jobs:write environments:read environments:write admin'
  return new Provider(url, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: keys as never },
    cookies: { keys: ['cookie-key-of-the-test-issuer-00001'] },
    scopes: scopes.split(' '),
    extraTokenClaims: () => ({ project: projectOf() }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: (_context, resource) => ({
          scope: scopes,
          audience: resource,
          accessTokenTTL: 600,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  })
}

function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
