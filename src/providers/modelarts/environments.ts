import type { Json } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import type { Driver } from '../driver.ts'
import { tagOfName } from '../kit/correlation-tags.ts'
import { readId, readNumber, readObject, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { webLink } from '../kit/web-url.ts'
import type { Access, Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { Traits } from '../traits.ts'
import type { Call, ModelartsClient } from './client.ts'
import { makeControls } from './controls.ts'
import { vendorCodes } from './error-codes.ts'
import { autoStopOf, instanceAccepts, instanceErrors, instanceOf, tagLength } from './instance-mapping.ts'
import { itemsOf, type Portion } from './list-scan.ts'
import { environmentOptions } from './options.ts'
import { makeReads } from './resource.ts'
import type { ModelartsSettings } from './settings.ts'
import { payloadOf } from './wire.ts'

/** The states of the list filter (modelarts_03_0111), and DELETING, which a client of the API has observed. */
const states: Readonly<Record<string, Status<'environment'>>> = {
  CREATE_QUEUING: 'provisioning',
  CREATING: 'provisioning',
  CREATE_FAILED: 'failed',
  START_QUEUING: 'starting',
  READY_TO_START: 'blocked',
  STARTING: 'starting',
  RESTARTING: 'starting',
  START_FAILED: 'failed',
  RUNNING: 'running',
  STOPPING: 'stopping',
  STOPPED: 'stopped',
  UNAVAILABLE: 'failed',
  RESIZING: 'provisioning',
  RESIZE_FAILED: 'failed',
  DELETING: 'deleting',
  DELETED: 'deleted',
}

/** Details of a state that its status does not express, such as "ready, but not started". */
const remarks: Readonly<Record<string, { reason?: Reason; message?: string }>> = {
  CREATE_FAILED: { reason: 'launch_failed' },
  START_FAILED: { reason: 'launch_failed' },
  READY_TO_START: {
    reason: 'start_required',
    message: 'A resource is available: start the instance.',
  },
  UNAVAILABLE: { message: 'ModelArts reports the instance as unavailable.' },
  RESIZING: { reason: 'updating', message: 'The flavor is being changed.' },
  RESIZE_FAILED: { message: 'Changing the flavor failed.' },
}

/** Fields of the details that the list sample (modelarts_03_0111) lacks. */
const listOmits = [
  'flavor_details.params_extends',
  'spec.credential',
  'spec.extend_params',
  'spec.extend_storage',
  'spec.repository',
  'spec.storage',
]

const traits: Traits<'environment'> = {
  // Not documented. The create response contains the instance, so a delay of the list is not expected.
  listConsistencyLagMs: 30_000,
  // The gateway times out a service after at most 60 s.
  maxProcessingMs: 60_000,
  // ModelArts.6301
  uniqueNames: true,
  enforces: ['autoStop'],
  // ModelArts.6304 requires stopping before deleting. An instance may be queued for long after a create or start;
  // whether it can then be deleted is not documented, so it is attempted, and a rejection is reported and retried.
  deletableIn: ['provisioning', 'starting', 'stopped', 'failed', 'blocked'],
}

/** Development environment instances (the historical API `demanager`). */
export function makeEnvironments(
  client: ModelartsClient,
  settings: ModelartsSettings,
  literals: readonly string[],
): Driver<'environment'> {
  const { existing, ...reading } = makeReads<'environment'>({
    client,
    noun: 'instance',
    workspaceId: settings.workspaceId,
    notFoundCodes: vendorCodes.noSuchInstance,
    createCall: (intent, workspaceId) => ({ ...instanceCall('POST'), body: { ...instanceOf(intent, workspaceId) } }),
    detailsCall: (remoteId) => instanceCall('GET', remoteId),
    read: ({ workspaceId, start }, signal) =>
      client.send(listCall(settings, workspaceId, start), signal).then((response) => portionOf(response, start)),
    observe: (instance) => observationOf(instance, literals),
    listOmits,
    withId: (instance, remoteId) => ({ ...instance, id: readId(instance, 'id') ?? remoteId }),
    workspaceIdOf: (instance) => readId(readObject(instance, 'workspace'), 'id'),
  })

  return {
    ...reading,
    accepts: instanceAccepts,
    options: environmentOptions,
    states,
    traits,
    tagLength,
    check: instanceErrors,

    controls: makeControls({
      get: reading.get,
      send(action, remoteId, signal) {
        if (action === 'delete') return client.send(instanceCall('DELETE', remoteId), signal)
        return client.send({ ...instanceCall('POST', remoteId, 'action'), body: { action } }, signal)
      },
    }),

    /**
     * A changed autoStop of a running instance applies from its next start. Fields absent from the spec stay unchanged.
     */
    async update(remoteId, spec, signal) {
      const { description, autoStop } = spec
      const body = given({ description, spec: autoStop && { auto_stop: autoStopOf(spec) } })
      await client.send({ ...instanceCall('PUT', remoteId), body }, signal)
    },

    async access(remoteId, signal) {
      const instance = await existing(remoteId, signal)
      return accessOf(instance, await openToken(client, remoteId, signal))
    },
  }
}

function instanceCall(method: Call['method'], ...path: readonly string[]): Call {
  return { method, version: 'v1', path: ['demanager', 'instances', ...path] }
}

/** Without `limit` the response contains all instances; `offset` counts records. `de_type` is mandatory. */
export function listCall({ visibility }: ModelartsSettings, workspaceId: string, start: number): Call {
  const filters = { workspace_id: workspaceId, ...(visibility === 'all' ? { show_self: 'false' } : {}) }
  return {
    ...instanceCall('GET'),
    query: { de_type: 'Notebook', ...filters, ...(start === 0 ? {} : { offset: start }) },
  }
}

function portionOf(response: Json, start: number): Portion {
  const total = readNumber(response, 'total_count')
  const items = itemsOf(response, 'instances', total)
  const received = start + items.length
  const lacks = (total ?? received) > received
  return { items, next: lacks && items.length > 0 ? received : null, isShort: lacks && items.length === 0 }
}

/** One instance from the list, the details or a create response. Its `error_code` is not a failure of the call. */
function observationOf(instance: Json, literals: readonly string[]): Observation<'environment'> | null {
  const remoteId = readId(instance, 'id')
  if (remoteId === undefined) return null
  const rawState = readText(instance, 'status') ?? '(none)'
  const name = readText(instance, 'name')
  const remark = remarks[rawState]
  const rank = readNumber(readObject(instance, 'queuing_info'), 'rank')
  const queued =
    rank === undefined || states[rawState] === 'running' ? undefined : `Queued for a free resource, rank ${rank}.`
  return {
    remoteId,
    status: (Object.hasOwn(states, rawState) ? states[rawState] : undefined) ?? null,
    rawState,
    ...given({
      reason: remark?.reason,
      message: states[rawState] === 'failed' ? failureOf(instance, remark?.message) : (remark?.message ?? queued),
      remoteName: name,
      correlationTag: name === undefined ? undefined : tagOfName(name, tagLength),
    }),
    payload: () => payloadOf(instance, literals),
  }
}

/** Message and code of a failure. A code alone accompanies the reasons: the `error_code` of the instance. */
function failureOf(instance: Json, remark: string | undefined): string | undefined {
  const reasons = readObject(readObject(instance, 'spec'), 'failed_reasons')
  const code = readText(reasons, 'code') ?? readText(instance, 'error_code')
  const text = readText(reasons, 'message') ?? remark
  if (code === undefined || text?.includes(code)) return text
  return text === undefined ? `ModelArts reports ${code}.` : `${text} (${code})`
}

/** The reference no longer documents this call; an instance without a token still shows its URL. */
async function openToken(client: ModelartsClient, remoteId: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return readText(await client.send(instanceCall('GET', remoteId, 'token'), signal), 'token')
  } catch (error) {
    const isMissing = error instanceof ProviderError && error.httpStatus !== undefined && error.httpStatus < 500
    if (isMissing && error.code !== 'unauthenticated' && error.code !== 'rate_limited') return undefined
    throw error
  }
}

/** The URL is empty until the instance runs, and requires a token. */
function accessOf(instance: Json, token: string | undefined): Access {
  const url = readText(readObject(readObject(instance, 'spec'), 'annotations'), 'url')
  return { urls: webLink('jupyter', url), ...given({ token }) }
}
