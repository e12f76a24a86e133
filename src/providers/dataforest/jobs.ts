import { Type } from '@sinclair/typebox'
import { jobTransitions } from '../../vocabulary/job.ts'
import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import type { Driver } from '../driver.ts'
import type { Accepts } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { readEntries, readId, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { asListed } from '../kit/listed.ts'
import { boundedPayload } from '../kit/redact.ts'
import { readTime } from '../kit/times.ts'
import { webLink } from '../kit/web-url.ts'
import type { Found, LogChunk, Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { Traits } from '../traits.ts'
import { contentsOf, type DataforestClient, jsonHeaders } from './client.ts'
import { isNoSuchElement } from './errors.ts'
import { appOf, commonAccepts, namePrefixOf, pinnedPrefixOf, programErrors } from './mapping.ts'
import type { DataforestSettings } from './settings.ts'

/**
 * An AI app's `state`, followed by `finalStatus` once it is FINISHED. The documents show only ACCEPTED with UNDEFINED;
 * the rest are YARN's values (YarnApplicationState, FinalApplicationStatus). FINISHED without a final status is not a
 * success.
 */
const states: Readonly<Record<string, Status<'job'>>> = {
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

const options = Type.Object(
  {
    namePrefix: Type.Optional(
      Type.String({
        // A correlation tag has eight characters: a client's prefix must not be mistaken for one.
        minLength: 2,
        maxLength: 7,
        // The vendor documents no character set and appends a hyphen. A listed name must begin with the prefix as sent.
        pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$',
        description:
          'Fixed prefix of the app name: letters, digits, `_` and `-`. Without it, the prefix is a correlation tag that makes recovery of lost submits reliable.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Fields that getDetail returns and an item of getList lacks. */
const listOmits = ['success', 'message', 'elapsedMillis', 'containers']

const traits: Traits<'job'> = {
  // Not documented; far longer than a list by YARN itself takes.
  listConsistencyLagMs: 30_000,
  // The gateway times out its endpoint (504/510) after an undocumented time, which can be set to at most 60 s.
  maxProcessingMs: 60_000,
  // How long ended apps stay listed is not documented. An object not found within a day is left to an operator.
  retentionMs: 86_400_000,
  // The vendor appends random groups to the name.
  uniqueNames: false,
  // Submit has no time limit field.
  enforces: [],
}

/** AI apps: batch jobs in a YARN container, inside an AI workspace. */
export function makeJobs(
  client: DataforestClient,
  settings: DataforestSettings,
  literals: readonly string[],
): Driver<'job'> {
  const search = { search: { accountId: settings.accountId } }

  async function listApps(signal: AbortSignal): Promise<{ apps: readonly Json[]; isComplete: boolean }> {
    const { contents, isComplete } = contentsOf(await client.call('aiapps/getList', search, signal))
    return { apps: contents, isComplete }
  }

  async function detail(remoteId: string, signal: AbortSignal): Promise<JsonObject | 'gone'> {
    try {
      return await client.call('aiapps/getDetail', { id: remoteId }, signal)
    } catch (error) {
      if (isNoSuchElement(error)) return 'gone'
      throw error
    }
  }

  async function get(remoteId: string, signal: AbortSignal): Promise<Observation<'job'> | 'gone'> {
    const app = await detail(remoteId, signal)
    if (app === 'gone') return app
    // A response to a read of one id describes that id, even if it does not repeat it.
    const seen = jobOf({ ...app, id: readId(app, 'id') ?? remoteId }, literals)
    if (seen === null) throw new ProviderError('bad_response', 'aiapps/getDetail returned no app.')
    return seen
  }

  return {
    accepts: acceptsOf(settings.defaultQueue),
    options,
    states,
    traits,
    tagLength: 8,
    environment: 'required',
    check: programErrors,

    plan: (intent) => ({
      method: 'POST',
      target: client.target('aiapps/submit'),
      headers: jsonHeaders,
      body: appOf(intent, settings.defaultQueue),
    }),

    async create(intent, signal) {
      const body = JSON.stringify(appOf(intent, settings.defaultQueue))
      const response = await client.create('aiapps/submit', body, { sendBy: intent.sendBy, signal })
      const seen = jobOf(response, literals)
      return seen === null ? { remoteId: null } : { remoteId: seen.remoteId, seen }
    },

    async find(intents, signal) {
      const { apps, isComplete } = await listApps(signal)
      const found = new Map<string, Found<'job'>>()
      for (const intent of intents) {
        const workspace = await workspaceNameOf(client, intent, signal)
        if (workspace === 'gone')
          found.set(intent.correlationTag, { inconclusive: 'its AI workspace no longer exists' })
        else found.set(intent.correlationTag, findApps(apps, { intent, workspace, isComplete, literals }))
      }
      return found
    },

    get,

    async list(_page, signal) {
      const { apps } = await listApps(signal)
      return { seen: apps.flatMap((app) => asListed(jobOf(app, literals), listOmits) ?? []), next: null }
    },

    controls: {
      async cancel(remoteId, signal) {
        try {
          await client.call('aiapps/kill', { id: remoteId }, signal)
        } catch (error) {
          // The response to killing an ended app is not documented, so a rejected kill reads the state of the app.
          if (!isRejectedByService(error)) throw error
          const seen = await get(remoteId, signal)
          if (seen === 'gone' || (seen.status !== null && isTerminal(jobTransitions, seen.status))) return
          throw error
        }
      },
    },

    /** No API returns the text; each container has a link to its log. */
    async logs(remoteId, _cursor, signal): Promise<LogChunk> {
      const app = await detail(remoteId, signal)
      if (app === 'gone') throw new ProviderError('not_found', 'The Data Forest AI app no longer exists.')
      return { links: readEntries(app, 'containers').flatMap(([key, container]) => linkOf(key, container)) }
    },
  }
}

function acceptsOf(defaultQueue: string): Accepts {
  return {
    name: { to: '', note: 'kept in Switchyard; the app is named after a correlation tag or `namePrefix`' },
    description: { to: '', note: 'kept in Switchyard' },
    ...commonAccepts(defaultQueue),
    timeLimitSeconds: { to: '', note: 'Switchyard kills the app' },
  }
}

/** One AI app from `getList`, `getDetail` or the response of `submit`. */
function jobOf(app: Json, literals: readonly string[]): Observation<'job'> | null {
  const remoteId = readId(app, 'id')
  if (remoteId === undefined) return null
  const rawState = rawStateOf(app)
  const status = (Object.hasOwn(states, rawState) ? states[rawState] : undefined) ?? null
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

/** Maximum clock difference: the tolerance of the signature. */
const clockToleranceMs = 300_000

/** A client's prefix does not identify an app: workspace and start time narrow it down, and every match is returned. */
function findApps(
  apps: readonly Json[],
  scan: { intent: Intent<'job'>; workspace: string | null; isComplete: boolean; literals: readonly string[] },
): Found<'job'> {
  const { intent, workspace } = scan
  const earliestMs = intent.firstSentAt.getTime() - clockToleranceMs
  const isOurs = (app: Json) => {
    if (!readText(app, 'name')?.startsWith(`${namePrefixOf(intent)}-`)) return false
    if (workspace === null) return true
    const startedAt = readTime(app, 'startedAt')
    return (
      readText(app, 'workspaceName') === workspace && (startedAt === undefined || startedAt.getTime() >= earliestMs)
    )
  }
  const ours = apps.filter(isOurs)
  const found = ours.flatMap((app) => asListed(jobOf(app, scan.literals), listOmits) ?? [])
  const isConclusive = ours.length === found.length && apps.every((app) => showsIdentity(app, workspace !== null))
  if (found.length > 0) return { found, isComplete: scan.isComplete && isConclusive }
  if (!scan.isComplete) return { inconclusive: 'aiapps/getList shows fewer apps than its total' }
  return isConclusive ? { absent: true } : { inconclusive: 'aiapps/getList shows an app without its name or workspace' }
}

/** Whether a listed app shows which job it belongs to. */
function showsIdentity(app: Json, isByWorkspace: boolean): boolean {
  const shows = (key: string) => readText(app, key) !== undefined
  return shows('name') && (!isByWorkspace || shows('workspaceName'))
}

/**
 * The list shows only the workspace's name. Null if it is not needed because the correlation tag identifies the app.
 */
async function workspaceNameOf(
  client: DataforestClient,
  { spec, environmentRemoteId }: Intent<'job'>,
  signal: AbortSignal,
): Promise<string | null | 'gone'> {
  if (pinnedPrefixOf(spec) === undefined || environmentRemoteId === null) return null
  try {
    const workspace = await client.call('aiworkspaces/getDetail', { id: environmentRemoteId }, signal)
    return readText(workspace, 'name') ?? null
  } catch (error) {
    if (isNoSuchElement(error)) return 'gone'
    throw error
  }
}

function linkOf(key: string, container: JsonObject): { name: string; url: string }[] {
  return webLink(readText(container, 'containerId') ?? key, readText(container, 'logUrl'))
}

function isRejectedByService(error: unknown): boolean {
  return error instanceof ProviderError && (error.code === 'not_found' || error.code === 'invalid_request')
}
