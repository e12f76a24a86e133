import { isRecord } from '../fields.ts'
import type { Call, Operation, ProviderResponse } from '../provider.ts'
import { iamError } from './rejections.ts'
import type { ServiceParts } from './service.ts'
import { openToken, sealToken, type TokenClaims } from './tokens.ts'
import type { ModelartsAccount } from './wire.ts'

/** IAM: login, token claims and project ids. It shares the listener with ModelArts. */
export function iamOperations(parts: ServiceParts): Operation[] {
  return [
    {
      name: 'iam.createToken',
      method: 'POST',
      path: '/v3/auth/tokens',
      isPublic: true,
      handle: (call) => createToken(call, parts),
    },
    { name: 'iam.checkToken', method: 'HEAD', path: '/v3/auth/tokens', handle: (call) => checkToken(call, parts) },
    {
      name: 'iam.listProjects',
      method: 'GET',
      path: '/v3/projects',
      isList: true,
      handle: (call) => listProjects(call, parts),
    },
  ]
}

function createToken(call: Call, parts: ServiceParts): ProviderResponse {
  const login = readLogin(call.json)
  if (login === null) return iamError(400, 'The request body is invalid.')
  const account = parts.accounts.find(
    ({ userName, domainName, password }) =>
      userName === login.userName && domainName === login.domainName && password === login.password,
  )
  if (account === undefined) return iamError(401, 'The username or password is wrong.')
  const project = projectIn(login.scope, account)
  if (project === undefined) return iamError(404, 'The project of the scope could not be found.')
  const issuedAt = call.wallClockMs
  const claims = {
    userId: account.userId,
    projectId: project?.id ?? null,
    issuedAt,
    expiresAt: issuedAt + parts.settings.tokenLifeMs,
  }
  const token = describe(claims, account, project)
  const catalog =
    call.query.get('nocatalog') === 'true' || project === null ? {} : { catalog: catalogOf(account, parts) }
  return {
    status: 201,
    body: { token: { ...token, ...catalog } },
    headers: { 'x-subject-token': sealToken(claims) },
  }
}

interface Login {
  userName: unknown
  domainName: unknown
  password: unknown
  scope: unknown
}

function readLogin(body: unknown): Login | null {
  const auth = field(body, 'auth')
  const identity = field(auth, 'identity')
  const methods = field(identity, 'methods')
  if (!Array.isArray(methods) || !methods.includes('password')) return null
  const user = field(field(identity, 'password'), 'user')
  const login = {
    userName: field(user, 'name'),
    domainName: field(field(user, 'domain'), 'name'),
    password: field(user, 'password'),
    scope: field(auth, 'scope'),
  }
  const { scope, ...texts } = login
  return Object.values(texts).every((value) => typeof value === 'string') ? login : null
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined
}

interface Project {
  id: string
  name: string
}

function projectsOf(account: ModelartsAccount): Project[] {
  return [
    { id: account.projectId, name: account.region },
    { id: account.otherRegionProjectId, name: account.otherRegion },
  ]
}

/** `null` for a scope without a project, the whole domain; `undefined` for an unknown project. */
function projectIn(scope: unknown, account: ModelartsAccount): Project | null | undefined {
  const requested = field(scope, 'project')
  if (!isRecord(requested)) return null
  return projectsOf(account).find(({ id, name }) =>
    requested.id === undefined ? requested.name === name : requested.id === id,
  )
}

function describe(claims: TokenClaims, account: ModelartsAccount, project: Project | null) {
  const domain = { id: account.domainId, name: account.domainName }
  return {
    expires_at: microseconds(claims.expiresAt),
    issued_at: microseconds(claims.issuedAt),
    methods: ['password'],
    ...(project === null ? { domain } : { project: { ...project, domain } }),
    roles: [{ id: '0', name: 'te_admin' }],
    user: { id: account.userId, name: account.userName, domain, password_expires_at: '' },
  }
}

function microseconds(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z')
}

function catalogOf({ projectId, region }: ModelartsAccount, { url }: ServiceParts) {
  const service = (type: string, name: string, target: string) => ({
    id: type,
    type,
    name,
    endpoints: [{ id: `${type}-${region}`, interface: 'public', region, region_id: region, url: url() + target }],
  })
  return [
    service('identity', 'iam', '/v3'),
    service('modelartsv1', 'modelarts', `/v1/${projectId}`),
    service('modelartsv2', 'modelarts', `/v2/${projectId}`),
  ]
}

function checkToken(call: Call, { accounts, settings }: ServiceParts): ProviderResponse {
  const token = call.headers['x-subject-token']
  const claims = typeof token === 'string' ? openToken(token) : null
  const isValid =
    claims !== null &&
    claims.expiresAt > call.wallClockMs &&
    claims.issuedAt >= settings.tokensValidFrom &&
    accounts.some(({ userId }) => userId === claims.userId)
  return isValid
    ? { status: 200, body: undefined, headers: { 'x-subject-token': String(token) } }
    : { status: 404, body: undefined }
}

function listProjects(call: Call, { callerOf, url }: ServiceParts): ProviderResponse {
  const account = callerOf(call)
  const name = call.query.get('name')
  const own = call.listing.isEmpty ? [] : projectsOf(account)
  const projects = own
    .filter((project) => name === null || project.name === name)
    .map((project) => ({
      ...project,
      domain_id: account.domainId,
      parent_id: account.domainId,
      is_domain: false,
      enabled: true,
      description: '',
      links: { self: `${url()}/v3/projects/${project.id}` },
    }))
  return { status: 200, body: { projects, links: { self: `${url()}/v3/projects`, next: null, previous: null } } }
}
