import type { Call } from '../provider.ts'
import { ok, ScnetError } from './envelope.ts'
import { platform, type Region, regions } from './regions.ts'
import { type Endpoint, type Gate, isSuspended } from './service.ts'
import { areEqual, hasSigned, makeToken, renewalMs } from './tokens.ts'
import type { ScnetAccount, ScnetSettings } from './wire.ts'

export interface AuthParts {
  settings: ScnetSettings
  accounts: readonly ScnetAccount[]
  gate: Gate
  /** The base URL of all services. */
  url(): string
}

/** Logins, token renewal and verification, and discovery of a region's URLs. */
export function authEndpoints({ settings, accounts, gate, url }: AuthParts): Endpoint[] {
  const loggedIn = (account: ScnetAccount, call: Call) => {
    if (settings.isUserFrozen) throw new ScnetError('10007')
    return ok(tokensOf(account, call.wallClockMs + settings.tokenLifeMs, settings))
  }
  return [
    {
      name: 'auth.login',
      method: 'POST',
      path: '/api/user/v3/tokens',
      isPublic: true,
      execute: (call) => loggedIn(signerOf(call, accounts, settings), call),
    },
    {
      name: 'auth.passwordLogin',
      method: 'POST',
      path: '/ac/openapi/v2/tokens',
      isPublic: true,
      execute: (call) => loggedIn(passwordHolderOf(call, accounts), call),
    },
    {
      name: 'auth.next',
      method: 'POST',
      path: '/ac/openapi/v2/tokens/next',
      isPublic: true,
      execute: (call) => {
        const { account, clusterId } = gate.holderOf(call, renewalMs)
        return ok(nextToken(makeToken(account, clusterId, call.wallClockMs + settings.tokenLifeMs), settings))
      },
    },
    {
      name: 'auth.state',
      method: 'GET',
      path: '/ac/openapi/v2/tokens/state',
      execute: () => ok('token is valid'),
    },
    {
      name: 'auth.center',
      method: 'GET',
      path: '/ac/openapi/v2/center',
      execute: (call) => {
        const { account, clusterId } = gate.holderOf(call, 0)
        const region = regions.find(({ id }) => id === clusterId)
        if (region === undefined) throw new ScnetError('10009')
        const center = centerOf(region, account, { base: url(), settings })
        return ok(settings.centerIsArray ? [center] : center)
      },
    },
  ]
}

function header({ headers }: Call, name: string): string {
  const value = headers[name.toLowerCase()]
  if (typeof value !== 'string' || value === '') throw new ScnetError('10003', name)
  return value
}

function signerOf(call: Call, accounts: readonly ScnetAccount[], { maxClockSkewMs }: ScnetSettings): ScnetAccount {
  const [user, accessKey, timestamp, signature] = ['user', 'accessKey', 'timestamp', 'signature'].map((name) =>
    header(call, name),
  ) as [string, string, string, string]
  // Seconds have ten digits until the year 2286: milliseconds are rejected.
  if (!/^\d{10}$/.test(timestamp)) throw new ScnetError('10004', 'timestamp')
  const account = accounts.find((candidate) => candidate.accessKey === accessKey && candidate.user === user)
  if (account === undefined || !hasSigned(account, timestamp, signature)) {
    throw new ScnetError('10008', '', 'signature is invalid')
  }
  const skewMs = Math.abs(call.wallClockMs - Number(timestamp) * 1000)
  if (maxClockSkewMs > 0 && skewMs > maxClockSkewMs) throw new ScnetError('10008', '', 'timestamp is expired')
  return account
}

function passwordHolderOf(call: Call, accounts: readonly ScnetAccount[]): ScnetAccount {
  const [user, password, orgId] = ['user', 'password', 'orgId'].map((name) => header(call, name))
  const account = accounts.find((candidate) => candidate.user === user && candidate.orgId === orgId)
  if (account === undefined || !areEqual(Buffer.from(password ?? ''), Buffer.from(account.password))) {
    throw new ScnetError('10008', '', 'user or password is invalid')
  }
  return account
}

function tokensOf(account: ScnetAccount, expireTime: number, settings: ScnetSettings) {
  return [...regions, platform].map(({ id, name }) => ({
    clusterId: settings.numericClusterIds ? Number(id) : id,
    clusterName: name,
    token: isSuspended(id, settings) ? null : makeToken(account, id, expireTime),
  }))
}

function nextToken(token: string, { nextTokenForm }: ScnetSettings): unknown {
  if (nextTokenForm === 'string') return token
  return nextTokenForm === 'object' ? { token } : [{ token }]
}

const services = ['hpc', 'ai', 'efile', 'eshell', 'ingress'] as const

function centerOf(region: Region, account: ScnetAccount, from: { base: string; settings: ScnetSettings }) {
  const urls = services.map((service) => [`${service}Urls`, addressesOf(service, region, from)])
  return {
    id: region.id,
    name: region.name,
    description: '',
    clusterUserInfo: { userName: account.clusterUser, homePath: homePathOf(account) },
    ...Object.fromEntries(urls),
  }
}

// The disabled URL comes first and does not work, for clients that use the first entry.
function addressesOf(
  service: (typeof services)[number],
  { id }: Region,
  { base, settings }: { base: string; settings: ScnetSettings },
) {
  const isMixed = settings.urlSuffixes === 'mixed'
  const hasSuffix = isMixed ? service !== 'hpc' : settings.urlSuffixes === 'always'
  const at = (site: string, isEnabled: boolean) => ({
    url: `${base}/regions/${site}${hasSuffix ? `/${service}` : ''}`,
    enable: settings.enableIsBoolean ? isEnabled : String(isEnabled),
    version: '2.0',
    nodeName: site,
  })
  return [at(`${id}-off`, false), at(id, true), ...(settings.secondUrlLagMs > 0 ? [at(`${id}-b`, true)] : [])]
}

/** The home directory of an account on every cluster. */
export function homePathOf({ clusterUser }: ScnetAccount): string {
  return `/public/home/${clusterUser}`
}
