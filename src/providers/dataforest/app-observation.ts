import { jobTransitions } from '../../vocabulary/job.ts'
import type { Json } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import { readEntries, readId, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { asListed } from '../kit/listed.ts'
import { boundedPayload } from '../kit/redact.ts'
import { readTime } from '../kit/times.ts'
import type { Observation } from '../observation.ts'

/**
 * An AI app's `state`, followed by `finalStatus` once it is FINISHED. The documents show only ACCEPTED with UNDEFINED;
 * the rest are YARN's values (YarnApplicationState, FinalApplicationStatus). FINISHED without a final status is not a
 * success.
 */
export const appStates: Readonly<Record<string, Status<'job'>>> = {
  NEW: 'pending',
  NEW_SAVING: 'pending',
  SUBMITTED: 'pending',
  ACCEPTED: 'pending',
  RUNNING: 'running',
  'FINISHED/SUCCEEDED': 'succeeded',
  'FINISHED/FAILED': 'failed',
  'FINISHED/KILLED': 'canceled',
  'FINISHED/UNDEFINED': 'unknown',
  'FINISHED/ENDED': 'unknown',
  FAILED: 'failed',
  KILLED: 'canceled',
}

/** Fields that getDetail returns and an item of getList lacks. */
const listOmits = ['success', 'message', 'elapsedMillis', 'containers']

/** One AI app from `getList`, `getDetail` or the response of `submit`. */
export function appSeen(app: Json, literals: readonly string[]): Observation<'job'> | null {
  const remoteId = readId(app, 'id')
  if (remoteId === undefined) return null
  const rawState = rawStateOf(app)
  const status = (Object.hasOwn(appStates, rawState) ? appStates[rawState] : undefined) ?? null
  const name = readText(app, 'name')
  const correlationTag = /^([a-z][a-z0-9]{7})-/.exec(name ?? '')?.[1]
  const appId = readText(app, 'appId')
  return {
    remoteId,
    status,
    rawState,
    ...(status === 'unknown' ? { reason: 'outcome_not_reported' as const } : {}),
    ...timesOf(app, status !== null && isTerminal(jobTransitions, status)),
    ...given({ remoteName: name, correlationTag, result: appId === undefined ? undefined : { appId } }),
    payload: () => boundedPayload(app, literals),
  }
}

/** One AI app from `getList`. */
export function appListed(app: Json, literals: readonly string[]): Observation<'job'> | null {
  return asListed(appSeen(app, literals), listOmits)
}

function rawStateOf(app: Json): string {
  const state = readText(app, 'state') ?? '(none)'
  return state === 'FINISHED' ? `FINISHED/${readText(app, 'finalStatus') ?? 'UNDEFINED'}` : state
}

/**
 * `startedAt` of an app is its submit time and is present while it waits. A running app has started when its first
 * container did, so that a time limit excludes the queue.
 */
function timesOf(app: Json, isEnded: boolean): { startedAt?: Date; endedAt?: Date } {
  const containers = readEntries(app, 'containers').flatMap(([, each]) => readTime(each, 'createdAt') ?? [])
  const first = containers.sort((a, b) => a.getTime() - b.getTime())[0]
  const startedAt = first ?? (isEnded ? readTime(app, 'startedAt') : undefined)
  // An unfinished app shows the epoch in Korean time, which readTime treats as absent.
  const endedAt = isEnded ? readTime(app, 'finishedAt') : undefined
  return { ...(startedAt === undefined ? {} : { startedAt }), ...(endedAt === undefined ? {} : { endedAt }) }
}
