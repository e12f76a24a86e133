import { Type } from '@sinclair/typebox'
import { jobTransitions } from '../../vocabulary/job.ts'
import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import { readEntries, readId, readText } from '../kit/fields.ts'
import { asListed } from '../kit/listed.ts'
import { boundedPayload } from '../kit/redact.ts'
import { readTime } from '../kit/times.ts'
import { webLink } from '../kit/web-url.ts'
import type { Accepts, Driver, Found, Intent, LogChunk, Observation, Traits } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import { contentsOf, type DataforestClient, jsonHeaders } from './client.ts'
import { isNoSuchElement } from './errors.ts'
import { appOf, commonAccepts, namePrefixOf, pinnedPrefixOf, programErrors } from './mapping.ts'
import type { DataforestSettings } from './settings.ts'

/**
 * An AI app's `state`, with `finalStatus` behind it once it is FINISHED. The documents print only ACCEPTED with
 * UNDEFINED; the rest are YARN's words (YarnApplicationState, FinalApplicationStatus), whose fields these are.
 * FINISHED without a verdict is never called a success.
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
        // Eight characters are what a mark has: a pinned prefix must not be taken for one.
        minLength: 2,
        maxLength: 7,
        // The vendor documents no charset and ends the prefix with a hyphen: what a list shows has to begin with it as sent.
        pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$',
        description:
          'Fixed prefix of the app name: letters, digits, `_` and `-`. Without it, the prefix is a correlation tag that makes recovery of lost submits reliable.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** What getDetail has and an item of getList has not. */
const listOmits = ['success', 'message', 'elapsedMillis', 'containers']

const traits: Traits<'job'> = {
  // Not documented; far beyond what YARN's own listing takes.
  listLagMs: 30_000,
  // The gateway gives up on its endpoint (504/510) after a time that is not documented; 60 s is the most it can be set to.
  maxProcessingMs: 60_000,
  // How long ended apps are listed is not documented; what was not found for a day is left to a person.
  forgetsAfterMs: 86_400_000,
  // The vendor completes the name with random groups.
  uniqueNames: false,
  // No time limit among the fields of submit.
  enforces: [],
}

/** AI apps: batch work in a container on YARN, inside an AI workspace. */
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
    // The answer to a question about one id is about that id, also where it does not repeat it.
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
      body: { ...appOf(intent, settings.defaultQueue) } as unknown as Json,
    }),

    async create(intent, signal) {
      const body = JSON.stringify(appOf(intent, settings.defaultQueue))
      const answer = await client.create('aiapps/submit', body, { sendBy: intent.sendBy, signal })
      const seen = jobOf(answer, literals)
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
          // What a kill of an ended app answers is not documented, so a refused kill asks how the app is.
          if (!isRefusedByService(error)) throw error
          const seen = await get(remoteId, signal)
          if (seen === 'gone' || (seen.status !== null && isTerminal(jobTransitions, seen.status))) return
          throw error
        }
      },
    },

    /** No API gives the text; each container has a link to its log. */
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

/** One AI app, from `getList`, `getDetail` or the answer of `submit`. */
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
    ...(name === undefined ? {} : { remoteName: name }),
    ...(correlationTag === undefined ? {} : { correlationTag }),
    ...(appId === undefined ? {} : { result: { appId } }),
    payload: () => boundedPayload(app, literals),
  }
}

function rawStateOf(app: Json): string {
  const state = readText(app, 'state') ?? '(none)'
  return state === 'FINISHED' ? `FINISHED/${readText(app, 'finalStatus') ?? 'UNDEFINED'}` : state
}

/**
 * `startedAt` of an app is when it was submitted (it is there while the app still waits), so for one that runs, the
 * first container counts: a time limit must not include the queue.
 */
function timesOf(app: Json, isEnded: boolean): { startedAt?: Date; endedAt?: Date } {
  const containers = readEntries(app, 'containers').flatMap(([, each]) => readTime(each, 'createdAt') ?? [])
  const first = containers.sort((a, b) => a.getTime() - b.getTime())[0]
  const startedAt = first ?? (isEnded ? readTime(app, 'startedAt') : undefined)
  // Not finished is shown as the epoch in Korean time; readTime knows it as absent.
  const endedAt = isEnded ? readTime(app, 'finishedAt') : undefined
  return { ...(startedAt === undefined ? {} : { startedAt }), ...(endedAt === undefined ? {} : { endedAt }) }
}

/** Their clock and ours may differ by what the signature tolerates. */
const clockToleranceMs = 300_000

/** A pinned prefix is no proof: workspace and start time narrow it down, and all that fit are returned. */
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
  const isTold = ours.length === found.length && apps.every((app) => tellsItsName(app, workspace !== null))
  if (found.length > 0) return { found, isComplete: scan.isComplete && isTold }
  if (!scan.isComplete) return { inconclusive: 'aiapps/getList shows fewer apps than its total' }
  return isTold ? { absent: true } : { inconclusive: 'aiapps/getList shows an app without what would tell it apart' }
}

/** Whether a listed app shows whose it is. */
function tellsItsName(app: Json, isByWorkspace: boolean): boolean {
  const shows = (key: string) => readText(app, key) !== undefined
  return shows('name') && (!isByWorkspace || shows('workspaceName'))
}

/** The list shows the workspace's name only. Null: not needed, since the mark alone tells. */
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

function isRefusedByService(error: unknown): boolean {
  return error instanceof ProviderError && (error.code === 'not_found' || error.code === 'invalid_request')
}
