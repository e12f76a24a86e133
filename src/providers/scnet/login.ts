import type { Json } from '../../vocabulary/json.ts'
import { isObject, readId, readList, readNumber, readText } from '../kit/fields.ts'
import { tryParseJson } from '../kit/json.ts'
import { sentSecrets } from '../kit/redact.ts'
import type { Token } from '../kit/token-cache.ts'
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts'
import type { HttpClient, HttpRequest, ProviderClock } from '../session.ts'
import { chosenAmong, fieldOf, isChosen, listed } from './chosen-region.ts'
import { dataOf, detailsOf } from './errors.ts'
import type { ScnetCredentials, ScnetSettings } from './settings.ts'
import { loginHeaders } from './signer.ts'
import { at } from './urls.ts'

export interface LoginDeps {
  http: HttpClient
  clock: ProviderClock
  settings: ScnetSettings
  credentials: ScnetCredentials
  literals: readonly string[]
}

/** How long an expired token can be renewed; after that a login is required. */
const renewableMs = 86_400_000
/** Lifetime of a token without a readable expiry; the real lifetime is not documented. */
const unreadableMs = 3_600_000

/** Exchanges an old token for a new one; null if that fails. Source: safecertification/renewal-token */
export async function renew(deps: LoginDeps, old: Token, signal: AbortSignal): Promise<Token | null> {
  if (deps.clock.now().getTime() > old.expiresAt.getTime() + renewableMs) return null
  try {
    const request = {
      headers: { token: old.value },
      signal,
      ...at(deps.settings.platformUrl, '/ac/openapi/v2/tokens/next'),
    }
    const data = await post(deps, request)
    const value = renewedToken(data, deps.settings)
    return value === undefined || value === old.value ? null : tokenFrom(value, deps.clock)
  } catch {
    return null
  }
}

/** Documented as an array with `token`; clients read `data` as the token itself. */
function renewedToken(data: Json, settings: ScnetSettings): string | undefined {
  if (typeof data === 'string') return data === '' ? undefined : data
  return readText(chosenAmong(Array.isArray(data) ? data : [data], settings), 'token')
}

/** Logs in and selects the region's token. The response lists one token per region. */
export async function login(deps: LoginDeps, signal: AbortSignal): Promise<Token> {
  const data = await post(deps, { ...loginRequest(deps), signal }).catch((error: unknown) => {
    throw loginFailure(error, deps)
  })
  const regions = Array.isArray(data) ? data : readList(data, 'list')
  const region = regions.find((each) => isChosen(each, deps.settings))
  if (region === undefined) throw noSuchRegion(regions, deps.settings)
  const token = readText(region, 'token')
  if (token === undefined) throw suspended(region)
  return tokenFrom(token, deps.clock)
}

/** Sources: safecertification/get-user-tokens-aksk and, for the old form, get-user-tokens. */
function loginRequest({ settings, credentials, clock }: LoginDeps): Omit<HttpRequest, 'method' | 'signal'> {
  const { user, loginUrl, platformUrl } = settings
  const { accessKey, secretKey, password, orgId } = credentials
  if (accessKey !== undefined && secretKey !== undefined) {
    const headers = loginHeaders({ user, accessKey, secretKey }, clock.now().getTime())
    const json = { 'content-type': 'application/json', ...headers }
    return { ...at(loginUrl, '/api/user/v3/tokens'), headers: json, body: '{}' }
  }
  if (password !== undefined && orgId !== undefined) {
    return { ...at(platformUrl, '/ac/openapi/v2/tokens'), headers: { user, password, orgId } }
  }
  const detail = 'SCNet requires `accessKey` and `secretKey`, or `password` and `orgId`; one of a pair is missing.'
  throw new ProviderError('unauthenticated', detail, { field: 'credentials', notSent: true })
}

async function post(deps: LoginDeps, request: Omit<HttpRequest, 'method'>): Promise<Json> {
  const headers = { accept: 'application/json', ...request.headers }
  const response = await deps.http.send({ ...request, method: 'POST', headers })
  return dataOf(response, { clock: deps.clock, secrets: sentSecrets(headers, deps.literals) })
}

function noSuchRegion(regions: readonly Json[], settings: ScnetSettings): ProviderError {
  const { clusterId, clusterName } = settings
  const problem =
    clusterId === undefined && clusterName === undefined
      ? 'The connection names no region.'
      : `The user has no access to region ${[clusterId, clusterName].filter((each) => each !== undefined).join(' / ')}.`
  const detail = `${problem} SCNet lists: ${listed(regions)}.`
  return new ProviderError('permission_denied', detail, { field: fieldOf(settings) })
}

/** A region with a suspended account is listed with a null token. */
function suspended(region: Json): ProviderError {
  const name = `${readId(region, 'clusterId')} (${readText(region, 'clusterName') ?? 'no name'})`
  const detail = `SCNet gives no token for region ${name}: the account is suspended there, usually until it is topped up.`
  return new ProviderError('permission_denied', detail, { field: 'settings.clusterId' })
}

/**
 * The JWT contains the expiry as a string of milliseconds; it has no `exp`, and only the platform can verify its
 * signature.
 */
function tokenFrom(value: string, clock: ProviderClock): Token {
  const payload = tryParseJson(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString('utf8'))
  const expireTime = isObject(payload) ? readNumber(payload, 'expireTime') : undefined
  return { value, expiresAt: new Date(expireTime ?? clock.now().getTime() + unreadableMs) }
}

/** A login rejected with a code means invalid credentials, without naming which. */
function loginFailure(error: unknown, { settings, credentials }: LoginDeps): unknown {
  if (!(error instanceof ProviderError)) return error
  const isKeyPair = credentials.accessKey !== undefined
  if (error.providerCode === undefined) {
    const [field, url] = isKeyPair ? ['loginUrl', settings.loginUrl] : ['platformUrl', settings.platformUrl]
    return about(error, error.code, `settings.${field}`, `(login at ${new URL(url).origin})`)
  }
  if (error.providerCode === '10007') return about(error, 'permission_denied', 'settings.user', '')
  if (!rejectionCodes.has(error.code)) return error
  const parts = isKeyPair ? 'user, accessKey, secretKey and this clock' : 'user, password and orgId'
  return about(error, 'unauthenticated', 'credentials', `SCNet does not report which of ${parts} is wrong.`)
}

const rejectionCodes: ReadonlySet<ProviderErrorCode> = new Set([
  'unauthenticated',
  'permission_denied',
  'invalid_request',
  'bad_response',
])

function about(error: ProviderError, code: ProviderErrorCode, field: string, more: string): ProviderError {
  return new ProviderError(code, `${error.message} ${more}`.trim(), { ...detailsOf(error), field, cause: error })
}
