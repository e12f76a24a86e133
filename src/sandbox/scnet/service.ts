import { isRecord } from '../fields.ts'
import type { Call, Operation, ProviderResponse } from '../provider.ts'
import type { World, WorldObject } from '../world.ts'
import { frameworkError, rejection, ScnetError, tokenInvalid } from './envelope.ts'
import { platform, type Region, siteOf } from './regions.ts'
import { readToken } from './tokens.ts'
import type { ScnetAccount, ScnetSettings } from './wire.ts'

/** The caller, the region of its token, and the URL in use. */
export interface Caller {
  readonly account: ScnetAccount
  /** `null` for the platform's own token. */
  readonly clusterId: string
  /** The owner of objects: the cluster account within its region. */
  readonly owner: string
}

/** A caller of a region's services. */
export interface RegionCaller extends Caller {
  readonly region: Region
  /** Reads through a region's second URL show an object only from this age on. */
  readonly readLagMs: number
}

/** An operation before it has an envelope: `execute` may throw `ScnetError`. */
export type Endpoint = Omit<Operation, 'handle' | 'subjects'> & { execute(call: Call): ProviderResponse }

/** Wraps an endpoint: exceptions become the error envelope, and a body that is not JSON a framework error. */
export function defineOperation(endpoint: Endpoint, settings: ScnetSettings): Operation {
  const { execute, ...operation } = endpoint
  return {
    ...operation,
    subjects,
    handle: (call) => {
      try {
        return execute(call)
      } catch (error) {
        if (error instanceof ScnetError) return rejection(error, settings)
        if (error instanceof UnreadableBody) return frameworkError(400, call)
        throw error
      }
    },
  }
}

/** Thrown for a body that the framework cannot read, so that the request does not reach the service. */
class UnreadableBody extends Error {}

/** The JSON object in a body. */
export function jsonBody({ json }: Call): Record<string, unknown> {
  if (!isRecord(json)) throw new UnreadableBody('not a JSON object')
  return json
}

/** A required query or form parameter. */
export function requiredParam(params: URLSearchParams, name: string): string {
  const value = params.get(name)
  if (value === null || value === '') throw new ScnetError('10003', name)
  return value
}

/** An integer query parameter or JSON value, or `fallback` if it is absent. */
export function wholeNumber(value: unknown, name: string, fallback?: number): number {
  if (value === undefined || value === null || value === '') {
    if (fallback === undefined) throw new ScnetError('10003', name)
    return fallback
  }
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) throw new ScnetError('10004', name)
  return number
}

/** Token authentication. */
export interface Gate {
  /** The rejection of a call whose token is missing, forged, expired or of another region; else `null`. */
  authenticate(call: Call): ProviderResponse | null
  /** The account of a token that was valid within `graceMs` before now. */
  holderOf(call: Call, graceMs: number): Caller
  /** The caller of a region's service. */
  regionCallerOf(call: Call): RegionCaller
}

export function makeGate(accounts: readonly ScnetAccount[], settings: ScnetSettings): Gate {
  const holderOf = ({ headers, wallClockMs }: Call, graceMs: number): Caller => {
    const claims = readToken(headers.token)
    const account = accounts.find(({ user }) => user === claims?.user)
    if (claims === null || account === undefined) throw tokenInvalid()
    if (wallClockMs >= Number(claims.expireTime) + graceMs) throw tokenInvalid()
    const { clusterId } = claims
    if (settings.isUserFrozen || isSuspended(clusterId, settings)) throw new ScnetError('10007')
    return { account, clusterId, owner: `${account.clusterUser}@${clusterId}` }
  }
  const regionCallerOf = (call: Call): RegionCaller => {
    const caller = holderOf(call, 0)
    const site = siteOf(call.params.site ?? '')
    if (caller.clusterId === platform.id) throw new ScnetError('10009')
    if (site === null || site.region.id !== caller.clusterId) throw tokenInvalid()
    return { ...caller, region: site.region, readLagMs: site.isLate ? settings.secondUrlLagMs : 0 }
  }
  const authenticate = (call: Call) => {
    const site = call.params.site
    if (site !== undefined && siteOf(site) === null) return frameworkError(404, call)
    try {
      if (site === undefined) holderOf(call, 0)
      else regionCallerOf(call)
      return null
    } catch (error) {
      if (error instanceof ScnetError) return rejection(error, settings)
      throw error
    }
  }
  return { authenticate, holderOf, regionCallerOf }
}

/** Whether a region's account is suspended: it is listed, but rejects every call. */
export function isSuspended(regionId: string, { suspendedRegions }: ScnetSettings): boolean {
  return suspendedRegions.split(',').some((id) => id.trim() === regionId)
}

/** Whether a caller may see an object through the URL in use. */
export function isSeenBy({ owner, readLagMs }: RegionCaller, object: WorldObject, { now }: World): boolean {
  return object.owner === owner && object.createdAt + readLagMs <= now()
}

// Ids and names from all parts of a request.
function subjects({ params, query, json, rawBody }: Call): unknown[] {
  const fromPath = [params.id, params.jobId]
  const fromQuery = [...query.getAll('ids'), query.get('instanceServiceId'), query.get('strJobId'), query.get('path')]
  const text = isRecord(json) ? '' : rawBody.toString('latin1')
  const map = new URLSearchParams(text).get('strJobInfoMap') ?? query.get('strJobInfoMap') ?? ''
  return [...fromPath, ...fromQuery, ...map.split(/[,:;]/), ...fromBody(json)].filter(
    (subject) => subject !== null && subject !== '',
  )
}

function fromBody(json: unknown): unknown[] {
  if (!isRecord(json)) return []
  const job = isRecord(json.mapAppJobInfo) ? json.mapAppJobInfo : {}
  return [json.id, json.instanceServiceName, job.GAP_JOB_NAME]
}
