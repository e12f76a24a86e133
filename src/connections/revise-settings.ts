import { isDeepStrictEqual } from 'node:util'
import { Value } from '@sinclair/typebox/value'
import type { Provider } from '../providers/provider.ts'
import { ApiError, type ValidationError } from '../vocabulary/api-error.ts'
import type { JsonObject } from '../vocabulary/json.ts'

/** The result of a PATCH of a connection's settings. */
export interface SettingsChange {
  settings: JsonObject
  /** The names of the changed settings. */
  changed: readonly string[]
  /** The hosts that receive credentials, before and after, if they differ. */
  hosts: { from: readonly string[]; to: readonly string[] } | null
}

/**
 * Merges settings; null removes one and restores its default, if any. Rejects changes of where objects are located
 * (records would refer to other objects), and, without new credentials, changes of which hosts receive the stored ones.
 */
export function reviseSettings(
  provider: Provider,
  current: JsonObject,
  { given, hasCredentials }: { given: JsonObject; hasCredentials: boolean },
): SettingsChange {
  const before = merged(provider, current, {})
  const settings = merged(provider, current, given)
  const changed = Object.keys(given).filter((name) => !isDeepStrictEqual(settings[name], before[name]))
  const frozen = frozenAmong(provider, current, { settings, changed })
  if (frozen.length > 0)
    throw refused(provider, frozen, {
      code: 'frozen',
      why: "decides where the connection's objects live and cannot change. Create another connection.",
    })
  const guarded = changed.filter((name) => provider.endpointSettings.includes(name))
  if (guarded.length > 0 && !hasCredentials)
    throw refused(provider, guarded, {
      code: 'credentials_required',
      why: "decides which hosts receive the connection's credentials. To change it, send new credentials in the same PATCH.",
    })
  const [from, to] = [hostsOf(provider, current), hostsOf(provider, settings)]
  return { settings, changed, hosts: isDeepStrictEqual(from, to) ? null : { from, to } }
}

/** The settings that determine which hosts receive credentials. */
export function destinationIn(provider: Provider, settings: JsonObject): JsonObject {
  const all = Object.entries(merged(provider, settings, {}))
  return Object.fromEntries(all.filter(([name]) => provider.endpointSettings.includes(name)))
}

/** Settings after a PATCH, with defaults. */
export function merged(provider: Provider, current: JsonObject, given: JsonObject): JsonObject {
  const entries = Object.entries({ ...current, ...given }).filter(([, value]) => value !== null)
  return Value.Default(provider.settings, structuredClone(Object.fromEntries(entries))) as JsonObject
}

/** The changed settings that alter the scope individually, or all of them if only the combination does. */
function frozenAmong(
  provider: Provider,
  current: JsonObject,
  { settings, changed }: Pick<SettingsChange, 'settings' | 'changed'>,
): readonly string[] {
  const before = provider.scope(current)
  if (isDeepStrictEqual(provider.scope(settings), before)) return []
  const alone = changed.filter(
    (name) => !isDeepStrictEqual(provider.scope(merged(provider, current, { [name]: settings[name] ?? null })), before),
  )
  return alone.length > 0 ? alone : changed
}

/** Hosts only: a URL may contain a secret. */
function hostsOf(provider: Provider, settings: JsonObject): readonly string[] {
  const urls = Object.values(provider.endpoints(settings)).filter((url) => URL.canParse(url))
  return [...new Set(urls.map((url) => new URL(url).host))].sort()
}

function refused(provider: Provider, names: readonly string[], { code, why }: { code: string; why: string }): ApiError {
  const errors = names.map((name): ValidationError => {
    return { in: 'body', pointer: `/settings/${provider.id}/${name}`, code, detail: `\`${name}\` ${why}` }
  })
  return new ApiError('unprocessable', errors.map(({ detail }) => detail).join(' '), { errors })
}
