import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import { tagOfName } from '../kit/correlation-tags.ts'
import { isObject, readFlag, readText } from '../kit/fields.ts'
import { boundedPayload } from '../kit/redact.ts'
import { readTime } from '../kit/times.ts'
import type { Observation } from '../observation.ts'
import { remoteIdOf, tagLength } from './mapping.ts'
import type { OwnedServer } from './servers.ts'
import type { JupyterhubSettings } from './settings.ts'

/**
 * A server's state consists of three fields: `pending` (the operation in progress), else `ready`, else `stopped`.
 * `check` means that a restarted hub verifies a running server. `rename` (6.0) applies to a stopped server and keeps it
 * stopped. A failed start ends as `stopped`, since the model has no failed state.
 * Source: server_model of apihandlers/base.py and `pending` of spawner.py, 3.0.0 to 6.1.1
 */
export const states = {
  spawn: 'provisioning',
  check: 'running',
  ready: 'running',
  stop: 'stopping',
  stopped: 'stopped',
} as const satisfies Record<string, Status<'environment'>>

/** Older databases of a hub return UTC times without a zone. */
const utc = { offset: '+00:00' }

/** One server of a user as the hub returns it. */
export function environmentOf(
  { user, server, model }: OwnedServer,
  { optionKeys }: JupyterhubSettings,
  literals: readonly string[],
): Observation<'environment'> {
  const rawState = rawStateOf(model)
  const startedAt = rawState === 'ready' ? readTime(model, 'started', utc) : undefined
  const lastActivityAt = readTime(model, 'last_activity', utc)
  return {
    remoteId: remoteIdOf({ user, server }),
    status: (Object.hasOwn(states, rawState) ? states[rawState as keyof typeof states] : undefined) ?? null,
    rawState,
    remoteName: server,
    correlationTag: tagOfName(server, tagLength),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(lastActivityAt === undefined ? {} : { result: { lastActivityAt: lastActivityAt.toISOString() } }),
    payload: () => boundedPayload(withoutVariables(model, optionKeys.environmentVariables), literals),
  }
}

export function rawStateOf(model: JsonObject): string {
  const pending = readText(model, 'pending')
  if (pending !== undefined) return pending
  if (readFlag(model, 'ready') === true) return 'ready'
  // Versions without the field list active servers only.
  return readFlag(model, 'stopped') === true ? 'stopped' : 'neither pending nor ready nor stopped'
}

/** Removes the values of variables, which may be secrets, and the spawner's state, which contains tokens. */
function withoutVariables(model: JsonObject, key: string | undefined): Json {
  const { state: _, user_options: given, ...shown } = model
  if (given === undefined) return shown
  if (key === undefined || !isObject(given) || !isObject(given[key])) return { ...shown, user_options: given }
  const hidden = Object.fromEntries(Object.keys(given[key]).map((name) => [name, '[redacted]']))
  return { ...shown, user_options: { ...given, [key]: hidden } }
}
