import { readObject } from '../kit/fields.ts'
import { jsonOf } from '../kit/json.ts'
import { sentSecrets } from '../kit/redact.ts'
import { readTime } from '../kit/times.ts'
import { makeTokenCache, type Token, type TokenCache } from '../kit/token-cache.ts'
import { ProviderError } from '../provider-error.ts'
import type { HttpClient, ProviderClock } from '../session.ts'
import { tokenFailure } from './errors.ts'
import type { Login, ModelartsSettings } from './settings.ts'

/** Tokens are valid for 24 hours; the margin covers calls that begin shortly before expiry. */
const marginMs = 300_000
/** Used if the response has no expiry: far below the documented 24 hours. */
const unknownLifeMs = 3_600_000

interface Deps {
  http: HttpClient
  clock: ProviderClock
  settings: ModelartsSettings
  login: Login
}

/**
 * Project tokens from IAM. Every failure rejects as `notSent`, because the call that needs the token was not made.
 * https://docs.otc.t-systems.com/identity-access-management/api-ref/apis/token_management/obtaining_a_user_token.html
 */
export function makeTokens(deps: Deps): TokenCache {
  return makeTokenCache({ clock: deps.clock, marginMs, request: (signal) => requestToken(deps, signal) })
}

async function requestToken({ http, clock, settings, login }: Deps, signal: AbortSignal): Promise<Token> {
  const iam = new URL(settings.iamUrl)
  const request = {
    method: 'POST',
    origin: iam.origin,
    target: `${iam.pathname.replace(/\/$/, '')}/v3/auth/tokens?nocatalog=true`,
    headers: { 'content-type': 'application/json;charset=utf8' },
    body: JSON.stringify(tokenRequest(settings, login)),
    signal,
  }
  const response = await http.send(request).catch((error: unknown) => {
    throw notSent(error)
  })
  if (response.status !== 201) throw tokenFailure(response, { clock, secrets: sentSecrets({}, [login.password]) })
  // Only the header contains the token.
  const value = response.headers['x-subject-token']
  if (typeof value !== 'string' || value === '') {
    const detail = 'IAM returned HTTP 201 without the header X-Subject-Token.'
    throw new ProviderError('bad_response', detail, { httpStatus: 201, notSent: true })
  }
  const expiresAt = readTime(readObject(jsonOf(response), 'token'), 'expires_at')
  return { value, expiresAt: expiresAt ?? new Date(clock.now().getTime() + unknownLifeMs) }
}

function tokenRequest({ projectId, projectName }: ModelartsSettings, { username, password, domainName }: Login) {
  const user = { name: username, password, domain: { name: domainName } }
  const project = projectName === undefined ? { id: projectId } : { name: projectName }
  return { auth: { identity: { methods: ['password'], password: { user } }, scope: { project } } }
}

function notSent(error: unknown): ProviderError {
  const known = error instanceof ProviderError ? error : null
  return new ProviderError(known?.code ?? 'internal', `No token from IAM: ${known?.message ?? 'an unexpected error'}`, {
    field: known?.field ?? 'settings.iamUrl',
    notSent: true,
    cause: error,
  })
}
