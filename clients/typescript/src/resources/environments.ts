import {
  type Api,
  type CallOptions,
  type ChangeOptions,
  type CreateOptions,
  idempotencyKey,
  ifMatch,
  type PreviewOptions,
  previewQuery,
} from '../api.ts'
import { UnexpectedStatusError } from '../errors.ts'
import { followEvents } from '../event-streams.ts'
import { type List, makeList, withCursor } from '../paging.ts'
import { isSettled } from '../statuses.ts'
import type {
  Access,
  Attempt,
  Environment,
  EnvironmentDeletion,
  EnvironmentFilter,
  EnvironmentImport,
  EnvironmentPage,
  EnvironmentPatch,
  EnvironmentRequest,
  EnvironmentResolution,
  Preview,
  RecordEvent,
  RemotePayload,
} from '../types.ts'
import { type Pending, pending, type WaitOptions, waitUntil } from '../waiting.ts'
import type { RecordStreamOptions } from './jobs.ts'

export interface EnvironmentWaitOptions extends WaitOptions<Environment> {
  /**
   * Expected status; UnexpectedStatusError if the environment stops changing in another one. `settled` accepts any.
   * Default: `running`, after a stop `stopped`, after a delete `deleted`.
   */
  until?: 'running' | 'stopped' | 'deleted' | 'settled' | undefined
}

export type PendingEnvironment = Pending<Environment, EnvironmentWaitOptions>

export interface Environments {
  create(request: EnvironmentRequest, options?: CreateOptions): PendingEnvironment
  /** Checks a request without storing or creating anything. */
  preview(request: EnvironmentRequest, options?: PreviewOptions): Promise<Preview>
  /** Creates an environment from an object that exists at the provider. */
  import(request: EnvironmentImport, options?: CallOptions): PendingEnvironment
  get(id: string, options?: CallOptions): Promise<Environment>
  list(filter?: EnvironmentFilter, options?: CallOptions): List<Environment, EnvironmentPage>
  update(id: string, patch: EnvironmentPatch, options?: ChangeOptions): Promise<Environment>
  start(id: string, options?: ChangeOptions): PendingEnvironment
  stop(id: string, options?: ChangeOptions): PendingEnvironment
  delete(id: string, options?: ChangeOptions & EnvironmentDeletion): PendingEnvironment
  wait(id: string, options?: EnvironmentWaitOptions): Promise<Environment>
  /** URLs, SSH login and token. They are secrets. */
  access(id: string, options?: CallOptions): Promise<Access>
  events(id: string, query?: { after?: number; limit?: number }, options?: CallOptions): List<RecordEvent>
  /** The events of the environment, past and new, until it is deleted. Resumes after disconnections. */
  streamEvents(id: string, options?: RecordStreamOptions): AsyncGenerator<RecordEvent, void, void>
  attempts(id: string, options?: CallOptions): List<Attempt>
  /** The latest payload of the provider. */
  remote(id: string, options?: CallOptions): Promise<RemotePayload>
  /** Resolves an unknown outcome. */
  resolve(id: string, resolution: EnvironmentResolution, options?: ChangeOptions): Promise<Environment>
}

export function makeEnvironments(api: Api): Environments {
  return { ...makeCreates(api), ...makeChanges(api), ...makeReads(api), ...makeHistory(api) }
}

function makeWait({ settings, send }: Api) {
  const { maxOutageMs, timeoutMs: requestTimeoutMs } = settings
  return async (id: string, { until = 'running', ...options }: EnvironmentWaitOptions = {}): Promise<Environment> => {
    const read = (call: CallOptions, how: object) =>
      send((http, init) => http.GET('/environments/{id}', { ...init, params: at(id) }), call, how)
    const environment = await waitUntil({ read, isDone: isSettled, maxOutageMs, requestTimeoutMs }, options)
    if (until === 'settled' || environment.status === until) return environment
    throw new UnexpectedStatusError(environment, until)
  }
}

function makeCreates(api: Api) {
  const wait = makeWait(api)
  return {
    wait,
    create: (body: EnvironmentRequest, options: CreateOptions = {}) =>
      pending(
        api.call((http, init) => http.POST('/environments', { ...init, body }), options, {
          headers: idempotencyKey(options),
        }),
        wait,
      ),
    preview: (body: EnvironmentRequest, options?: PreviewOptions) =>
      api.call(
        (http, init) => http.POST('/environments/preview', { ...init, params: { query: previewQuery(options) }, body }),
        options,
        { isRepeatable: true },
      ),
    import: (body: EnvironmentImport, options?: CallOptions) =>
      pending(
        api.call((http, init) => http.POST('/environments/import', { ...init, body }), options),
        // An imported environment may be in any status.
        (id: string, waiting?: EnvironmentWaitOptions) => wait(id, { until: 'settled', ...waiting }),
      ),
  }
}

function makeChanges(api: Api) {
  const wait = makeWait(api)
  const until = (status: 'running' | 'stopped' | 'deleted', promise: Promise<Environment>) =>
    pending(promise, (id: string, options?: EnvironmentWaitOptions) => wait(id, { until: status, ...options }))
  // Requesting an action twice has the same effect as once.
  const how = (options?: ChangeOptions) => ({ headers: ifMatch(options), isRepeatable: true })
  return {
    update: (id: string, body: EnvironmentPatch, options?: ChangeOptions) =>
      api.call(
        (http, init) => http.PATCH('/environments/{id}', { ...init, params: at(id), body }),
        options,
        how(options),
      ),
    start: (id: string, options?: ChangeOptions) => {
      const params = at(id)
      const call = api.call(
        (http, init) => http.POST('/environments/{id}/start', { ...init, params }),
        options,
        how(options),
      )
      return until('running', call)
    },
    stop: (id: string, options?: ChangeOptions) => {
      const params = at(id)
      const call = api.call(
        (http, init) => http.POST('/environments/{id}/stop', { ...init, params }),
        options,
        how(options),
      )
      return until('stopped', call)
    },
    delete: (id: string, { cancelJobs, remote, ...options }: ChangeOptions & EnvironmentDeletion = {}) => {
      const query = { ...(cancelJobs === undefined ? {} : { cancelJobs }), ...(remote === undefined ? {} : { remote }) }
      const params = { ...at(id), query }
      const call = api.call(
        (http, init) => http.DELETE('/environments/{id}', { ...init, params }),
        options,
        how(options),
      )
      return until('deleted', call)
    },
    resolve: (id: string, body: EnvironmentResolution, options?: ChangeOptions) =>
      api.call((http, init) => http.POST('/environments/{id}/resolve', { ...init, params: at(id), body }), options, {
        headers: ifMatch(options),
      }),
  }
}

function makeReads(api: Api) {
  return {
    get: (id: string, options?: CallOptions) =>
      api.call((http, init) => http.GET('/environments/{id}', { ...init, params: at(id) }), options),
    list: (filter: EnvironmentFilter = {}, options?: CallOptions) =>
      makeList<Environment, EnvironmentPage>((cursor) => {
        const params = { query: withCursor(filter, cursor) }
        return api.call((http, init) => http.GET('/environments', { ...init, params }), options)
      }, filter.cursor),
    access: (id: string, options?: CallOptions) =>
      api.call((http, init) => http.GET('/environments/{id}/access', { ...init, params: at(id) }), options),
    remote: (id: string, options?: CallOptions) =>
      api.call((http, init) => http.GET('/environments/{id}/remote', { ...init, params: at(id) }), options),
  }
}

function makeHistory(api: Api) {
  return {
    events: (id: string, query: { after?: number; limit?: number } = {}, options?: CallOptions) =>
      makeList<RecordEvent>((cursor) => {
        const params = { ...at(id), query: withCursor(query, cursor) }
        return api.call((http, init) => http.GET('/environments/{id}/events', { ...init, params }), options)
      }),
    attempts: (id: string, options?: CallOptions) =>
      makeList<Attempt>((cursor) => {
        const params = { ...at(id), query: withCursor({}, cursor) }
        return api.call((http, init) => http.GET('/environments/{id}/attempts', { ...init, params }), options)
      }),
    streamEvents: (id: string, { after, ...options }: RecordStreamOptions = {}) => {
      const params = { ...at(id), query: after === undefined ? {} : { after } }
      const open = async (lastEventId: string | undefined) => {
        const { response } = await api.send(
          (http, init) => http.GET('/environments/{id}/events/stream', { ...init, params, parseAs: 'stream' }),
          { signal: options.signal },
          { headers: { 'last-event-id': lastEventId }, expects: 'event-stream' },
        )
        return response
      }
      return followEvents<RecordEvent>({ open, maxOutageMs: api.settings.maxOutageMs }, options)
    },
  }
}

function at(id: string) {
  return { path: { id } }
}
