import type { Json } from '../../vocabulary/json.ts'
import { readObject } from '../kit/fields.ts'
import { makeTokenCache } from '../kit/token-cache.ts'
import { ProviderError } from '../provider-error.ts'
import type { ProviderClock } from '../session.ts'
import { type SlurmVersion, supportedVersions } from './settings.ts'

/** The formats of v0.0.40 and later: those of Slurm's `data_parser` plugins. */
export function isDataParser(version: SlurmVersion): boolean {
  return version !== 'v0.0.37' && version !== 'v0.0.38'
}

export function asVersion(text: string | undefined): SlurmVersion | undefined {
  return supportedVersions.find((version) => version === text)
}

/** The REST plugins that an API description (`/openapi/v3`) lists through their submit paths, in its order. */
export function servedVersions(description: Json): readonly string[] {
  const paths = Object.keys(readObject(description, 'paths'))
  const versions = paths.flatMap((path) => /\/slurm\/(v\d+\.\d+\.\d+)\/job\/submit\/?$/.exec(path)?.[1] ?? [])
  return [...new Set(versions)]
}

/** The newest version that both sides support. */
export function newestOf(served: readonly string[]): SlurmVersion {
  const newest = supportedVersions.findLast((version) => served.includes(version))
  if (newest !== undefined) return newest
  const detail = `slurmrestd serves ${listed(served)}; Switchyard supports ${supportedVersions.join(', ')}. Start slurmrestd with a version that both support.`
  throw new ProviderError('unsupported', detail, { field: 'settings.version', notSent: true })
}

export function listed(served: readonly string[]): string {
  return served.join(', ') || 'no version'
}

/** The version of the calls over one connection. */
export interface ApiVersion {
  /** Null until it is known. */
  known(): SlurmVersion | null
  current(signal: AbortSignal): Promise<SlurmVersion>
  /** Reads it from slurmrestd, even if a version is known. */
  discover(signal: AbortSignal): Promise<SlurmVersion>
  /** The version to use after slurmrestd has reported that it does not serve this one; the same if there is none. */
  replacementOf(unserved: SlurmVersion, signal: AbortSignal): Promise<SlurmVersion>
}

/** The version that the settings fix. */
export function fixedVersion(version: SlurmVersion): ApiVersion {
  const always = async () => version
  return { known: () => version, current: always, discover: always, replacementOf: always }
}

const never = new Date(8.64e15)

/**
 * The version that `verify` stored, or else the newest that slurmrestd serves, read once. An upgrade of the cluster
 * may end a version; the next call then reads again.
 */
export function discoveredVersion(deps: {
  stored: SlurmVersion | undefined
  clock: ProviderClock
  served(signal: AbortSignal): Promise<readonly string[]>
}): ApiVersion {
  let known = deps.stored ?? null
  const cache = makeTokenCache({
    clock: deps.clock,
    marginMs: 0,
    request: async (signal) => ({ value: newestOf(await deps.served(signal)), expiresAt: never }),
  })

  async function discover(signal: AbortSignal): Promise<SlurmVersion> {
    if (known !== null) cache.invalidate(known)
    known = newestOf([await cache.get(signal)])
    return known
  }

  return {
    known: () => known,
    current: async (signal) => known ?? (await discover(signal)),
    discover,
    replacementOf: async (unserved, signal) => (known === null || known === unserved ? discover(signal) : known),
  }
}
