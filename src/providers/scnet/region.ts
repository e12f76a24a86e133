import type { Json } from '../../vocabulary/json.ts'
import { isObject, readFlag, readId, readList, readObject, readText } from '../kit/fields.ts'
import { tryParseJson } from '../kit/json.ts'
import { sentSecrets } from '../kit/redact.ts'
import { makeTokenCache, type TokenCache } from '../kit/token-cache.ts'
import { ProviderError } from '../provider-error.ts'
import type { HttpClient, HttpRequest, ProviderClock } from '../session.ts'
import { chosenAmong, fieldOf, listed } from './chosen-region.ts'
import { beforeSending, dataOf, detailsOf } from './errors.ts'
import type { ScnetSettings } from './settings.ts'
import type { Tokens } from './tokens.ts'
import { at, type Service, targetAt } from './urls.ts'

/** The locations of a region's services and the cluster user: from settings, or discovered and cached for an hour. */
export interface Region {
  /** The origin, and the target of a path such as `/openapi/v2/jobs` after the service's prefix. */
  locate(service: Service, path: string, signal: AbortSignal): Promise<{ origin: string; target: string }>
  /** The account on the cluster, which may differ from the portal user. */
  clusterUser(signal: AbortSignal): Promise<string>
  homePath(signal: AbortSignal): Promise<string>
  schedulerId(signal: AbortSignal): Promise<string>
}

export interface RegionDeps {
  http: HttpClient
  clock: ProviderClock
  tokens: Tokens
  settings: ScnetSettings
  literals: readonly string[]
}

const cacheTtlMs = 3_600_000

export function makeRegion(deps: RegionDeps): Region {
  const { settings } = deps
  const center = cached(deps, async (signal) => JSON.stringify(await readCenter(deps, signal)))
  const centerOf = async (signal: AbortSignal): Promise<Json> => tryParseJson(await center.get(signal)) ?? null

  async function url(service: Service, signal: AbortSignal): Promise<string> {
    return settings[`${service}Url`] ?? chosenUrl(service, await centerOf(signal))
  }

  async function locate(service: Service, path: string, signal: AbortSignal) {
    return targetAt(service, await url(service, signal), path)
  }

  async function inCluster(field: 'userName' | 'homePath', setting: string, signal: AbortSignal): Promise<string> {
    const value = readText(readObject(await centerOf(signal), 'clusterUserInfo'), field)
    if (value !== undefined) return value
    const detail = `SCNet's center does not return clusterUserInfo.${field}. Set \`${setting}\` in the connection.`
    throw new ProviderError('permission_denied', detail, { field: `settings.${setting}`, notSent: true })
  }

  const scheduler = cached(deps, async (signal) => {
    const location = await locate('hpc', '/openapi/v2/cluster', signal)
    return onlyScheduler(await read(deps, location, signal))
  })

  return {
    locate,
    clusterUser: async (signal) => settings.clusterUser ?? (await inCluster('userName', 'clusterUser', signal)),
    homePath: async (signal) =>
      settings.defaultWorkingDirectory ?? (await inCluster('homePath', 'defaultWorkingDirectory', signal)),
    schedulerId: async (signal) => settings.schedulerId ?? (await scheduler.get(signal)),
  }
}

/** A discovered value, cached for all callers. A failure is not cached. */
function cached({ clock }: RegionDeps, fetchValue: (signal: AbortSignal) => Promise<string>): TokenCache {
  return makeTokenCache({
    clock,
    marginMs: 0,
    async request(signal) {
      const value = await fetchValue(signal).catch((error: unknown) => {
        throw beforeSending(error)
      })
      return { value, expiresAt: new Date(clock.now().getTime() + cacheTtlMs) }
    },
  })
}

/** Documented as an array; live responses are one object. Source: safecertification/get-center-info */
async function readCenter(deps: RegionDeps, signal: AbortSignal): Promise<Json> {
  const { platformUrl } = deps.settings
  const data = await read(deps, at(platformUrl, '/ac/openapi/v2/center'), signal).catch((error: unknown) => {
    if (!(error instanceof ProviderError) || error.providerCode !== undefined || error.field !== undefined) throw error
    throw new ProviderError(error.code, error.message, {
      ...detailsOf(error),
      field: 'settings.platformUrl',
      cause: error,
    })
  })
  return Array.isArray(data) ? ownCenter(data, deps.settings) : data
}

/** Selects the region's center. Of several, none is chosen by its position alone. */
function ownCenter(centers: readonly Json[], settings: ScnetSettings): Json {
  const own = chosenAmong(centers, settings)
  if (own !== undefined) return own
  const detail = `SCNet shows no center of the region that the connection names, but these: ${listed(centers)}.`
  throw new ProviderError('permission_denied', detail, { field: fieldOf(settings) })
}

async function read(
  { http, clock, tokens, literals }: RegionDeps,
  location: Pick<HttpRequest, 'target'>,
  signal: AbortSignal,
) {
  return await tokens.withToken(signal, async (token) => {
    const headers = { accept: 'application/json', token }
    const response = await http.send({ ...location, method: 'GET', headers, signal })
    return dataOf(response, { clock, secrets: sentSecrets(headers, literals) })
  })
}

/**
 * One of the enabled URLs, the same in every process: several URLs of one region do not read each other's writes.
 * `enable` is a string in practice.
 */
function chosenUrl(service: Service, center: Json): string {
  const urls = readList(center, `${service}Urls`).filter((each) => readFlag(each, 'enable') === true)
  const [first] = urls
    .flatMap((each) => readText(each, 'url') ?? [])
    .filter((each) => /^https?:/i.test(each) && URL.canParse(each))
    .sort()
  if (first !== undefined) return first
  const detail = `SCNet's center lists no enabled ${service} service for this region. Check the region, or set \`${service}Url\`.`
  throw new ProviderError('permission_denied', detail, { field: `settings.${service}Url`, notSent: true })
}

/** Source: jobmanager/list-cluster */
export function schedulerIds(data: Json): readonly string[] {
  const items = Array.isArray(data) ? data : [...readList(data, 'list'), ...(isObject(data) ? [data] : [])]
  return [...new Set(items.flatMap((each) => readId(each, 'id') ?? []))]
}

function onlyScheduler(data: Json): string {
  const ids = schedulerIds(data)
  const [only, ...others] = ids
  if (only !== undefined && others.length === 0) return only
  const detail =
    only === undefined
      ? 'SCNet lists no scheduler for this region, so HPC jobs are not available.'
      : `The region has several schedulers (${ids.join(', ')}). Set \`schedulerId\` in the connection.`
  throw new ProviderError('permission_denied', detail, { field: 'settings.schedulerId' })
}
