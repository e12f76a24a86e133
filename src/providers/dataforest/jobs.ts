import { Type } from '@sinclair/typebox'
import { jobTransitions } from '../../vocabulary/job.ts'
import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import type { Driver } from '../driver.ts'
import type { Accepts } from '../field-rule.ts'
import { readEntries, readId, readText } from '../kit/fields.ts'
import { webLink } from '../kit/web-url.ts'
import type { Found, LogChunk, Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { Traits } from '../traits.ts'
import { appListed, appSeen, appStates } from './app-observation.ts'
import { findApps, workspaceNameOf } from './app-search.ts'
import { contentsOf, type DataforestClient, jsonHeaders } from './client.ts'
import { isNoSuchElement } from './errors.ts'
import { appOf, commonAccepts, programErrors } from './mapping.ts'
import type { DataforestSettings } from './settings.ts'

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
  // With `namePrefix` an app has no correlation tag: that of a create in progress could be imported, too, and run twice.
  notImportable:
    'An app of Data Forest cannot be imported as a job, since it may belong to a job that is being created. Import its workspace as an environment.',
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
    const seen = appSeen({ ...app, id: readId(app, 'id') ?? remoteId }, literals)
    if (seen === null) throw new ProviderError('bad_response', 'aiapps/getDetail returned no app.')
    return seen
  }

  return {
    accepts: acceptsOf(settings.defaultQueue),
    options,
    states: appStates,
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
      const seen = appSeen(response, literals)
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
      return { seen: apps.flatMap((app) => appListed(app, literals) ?? []), next: null }
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

function linkOf(key: string, container: JsonObject): { name: string; url: string }[] {
  return webLink(readText(container, 'containerId') ?? key, readText(container, 'logUrl'))
}

function isRejectedByService(error: unknown): boolean {
  return error instanceof ProviderError && (error.code === 'not_found' || error.code === 'invalid_request')
}
