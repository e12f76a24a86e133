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
import { followEvents, type StreamOptions } from '../event-streams.ts'
import { followLogs, type LogText } from '../followed-logs.ts'
import { type List, makeList, withCursor } from '../paging.ts'
import { isFinished } from '../statuses.ts'
import type {
  Attempt,
  Job,
  JobFilter,
  JobImport,
  JobPage,
  JobPatch,
  JobRequest,
  JobResolution,
  LogChunk,
  Preview,
  RecordEvent,
  RemotePayload,
} from '../types.ts'
import { type Pending, pending, type WaitOptions, waitUntil } from '../waiting.ts'
import { type JobBatches, makeJobBatches } from './job-batches.ts'

export interface JobWaitOptions extends WaitOptions<Job> {
  /** Rejects with UnexpectedStatusError if the job ends otherwise than as `succeeded`. Default: false. */
  mustSucceed?: boolean | undefined
}

export interface SubmitOptions extends CreateOptions {
  /** Resolves with the finished job, as `.wait()` does. */
  wait?: boolean | JobWaitOptions | undefined
}

export interface RecordStreamOptions extends StreamOptions {
  /** Starts after the event with this `seq`. Default: 0, with the first event. */
  after?: number | undefined
}

interface LogOptions {
  /** Begins each line with the time at which the provider received it. Fails if the provider has no times. */
  timestamps?: boolean | undefined
}

export interface LogPartOptions extends CallOptions, LogOptions {
  /** `next` of the part before. */
  cursor?: string | undefined
}

export interface FollowOptions extends LogOptions {
  signal?: AbortSignal | undefined
  /** Time between two reads. Default: 2. */
  pollSeconds?: number | undefined
}

export interface Jobs extends JobBatches {
  submit(request: JobRequest, options?: SubmitOptions): Pending<Job, JobWaitOptions>
  /** Checks a request without storing or creating anything. */
  preview(request: JobRequest, options?: PreviewOptions): Promise<Preview>
  /** Creates a record of a job that exists at the provider. */
  import(request: JobImport, options?: CallOptions): Pending<Job, JobWaitOptions>
  get(id: string, options?: CallOptions): Promise<Job>
  list(filter?: JobFilter, options?: CallOptions): List<Job, JobPage>
  update(id: string, patch: JobPatch, options?: ChangeOptions): Promise<Job>
  /** Requests the cancellation; `.wait()` waits for the end of the job. */
  cancel(id: string, options?: ChangeOptions): Pending<Job, JobWaitOptions>
  /** Resolves with the finished job, whatever its status. */
  wait(id: string, options?: JobWaitOptions): Promise<Job>
  /** One part of the output, fetched from the provider. */
  logs(id: string, options?: LogPartOptions): Promise<LogChunk>
  /** The output as it grows, until the job has finished. Providers that offer only links have none: see `logs`. */
  followLogs(id: string, options?: FollowOptions): AsyncGenerator<LogText, void, void>
  events(id: string, query?: { after?: number; limit?: number }, options?: CallOptions): List<RecordEvent>
  /** The events of the job, past and new, until its final status. Resumes after disconnections. */
  streamEvents(id: string, options?: RecordStreamOptions): AsyncGenerator<RecordEvent, void, void>
  attempts(id: string, options?: CallOptions): List<Attempt>
  /** The latest payload of the provider. */
  remote(id: string, options?: CallOptions): Promise<RemotePayload>
  /** Resolves an unknown outcome. */
  resolve(id: string, resolution: JobResolution, options?: ChangeOptions): Promise<Job>
}

export function makeJobs(api: Api): Jobs {
  return { ...makeJobChanges(api), ...makeJobBatches(api), ...makeJobReads(api), ...makeJobHistory(api) }
}

function makeJobChanges(api: Api) {
  const wait = makeWait(api)

  async function submit(request: JobRequest, { wait: waiting = false, ...options }: SubmitOptions): Promise<Job> {
    const headers = idempotencyKey(options)
    const job = await api.call((http, init) => http.POST('/jobs', { ...init, body: request }), options, { headers })
    if (waiting === false) return job
    return wait(job.id, { signal: options.signal, ...(waiting === true ? {} : waiting) })
  }

  return {
    wait,
    submit: (request: JobRequest, options: SubmitOptions = {}) => pending(submit(request, options), wait),
    preview: (body: JobRequest, options?: PreviewOptions) =>
      api.call(
        (http, init) => http.POST('/jobs/preview', { ...init, params: { query: previewQuery(options) }, body }),
        options,
        { isRepeatable: true },
      ),
    import: (body: JobImport, options?: CallOptions) =>
      pending(
        api.call((http, init) => http.POST('/jobs/import', { ...init, body }), options),
        wait,
      ),
    update: (id: string, patch: JobPatch, options?: ChangeOptions) =>
      api.call((http, init) => http.PATCH('/jobs/{id}', { ...init, params: at(id), body: patch }), options, {
        headers: ifMatch(options),
      }),
    cancel: (id: string, options?: ChangeOptions) =>
      pending(
        api.call((http, init) => http.POST('/jobs/{id}/cancel', { ...init, params: at(id) }), options, {
          headers: ifMatch(options),
          isRepeatable: true,
        }),
        wait,
      ),
    resolve: (id: string, resolution: JobResolution, options?: ChangeOptions) =>
      api.call(
        (http, init) => http.POST('/jobs/{id}/resolve', { ...init, params: at(id), body: resolution }),
        options,
        {
          headers: ifMatch(options),
        },
      ),
  }
}

function makeWait(api: Api) {
  const { maxOutageMs, timeoutMs: requestTimeoutMs } = api.settings
  return async (id: string, { mustSucceed = false, ...options }: JobWaitOptions = {}): Promise<Job> => {
    const read = (call: CallOptions, how: object) =>
      api.send((http, init) => http.GET('/jobs/{id}', { ...init, params: at(id) }), call, how)
    const job = await waitUntil<Job>({ read, isDone: isFinished, maxOutageMs, requestTimeoutMs }, options)
    if (mustSucceed && job.status !== 'succeeded') throw new UnexpectedStatusError(job, 'succeeded')
    return job
  }
}

function makeJobReads(api: Api) {
  const get = (id: string, options?: CallOptions, headers: Record<string, string> = {}) =>
    api.call((http, init) => http.GET('/jobs/{id}', { ...init, params: at(id) }), options, { headers })
  const logs = (id: string, { cursor, timestamps, ...options }: LogPartOptions = {}) => {
    const query = withCursor(timestamps === undefined ? {} : { timestamps }, cursor)
    return api.call((http, init) => http.GET('/jobs/{id}/logs', { ...init, params: { ...at(id), query } }), options)
  }
  return {
    get: (id: string, options?: CallOptions) => get(id, options),
    list: (filter: JobFilter = {}, options?: CallOptions) =>
      makeList<Job, JobPage>(
        (cursor) =>
          api.call(
            (http, init) => http.GET('/jobs', { ...init, params: { query: withCursor(filter, cursor) } }),
            options,
          ),
        filter.cursor,
      ),
    logs,
    followLogs: (id: string, { signal, pollSeconds = 2, timestamps }: FollowOptions = {}) => {
      let isFirst = true
      return followLogs({
        read: (cursor) => logs(id, { cursor, signal, timestamps }),
        readJob: () => {
          const headers = { prefer: `wait=${isFirst ? 0 : pollSeconds}` }
          isFirst = false
          return get(id, { signal }, headers)
        },
        isFinished,
        maxOutageMs: api.settings.maxOutageMs,
        signal,
      })
    },
    remote: (id: string, options?: CallOptions) =>
      api.call((http, init) => http.GET('/jobs/{id}/remote', { ...init, params: at(id) }), options),
  }
}

function makeJobHistory(api: Api) {
  return {
    events: (id: string, query: { after?: number; limit?: number } = {}, options?: CallOptions) =>
      makeList<RecordEvent>((cursor) =>
        api.call(
          (http, init) =>
            http.GET('/jobs/{id}/events', { ...init, params: { ...at(id), query: withCursor(query, cursor) } }),
          options,
        ),
      ),
    attempts: (id: string, options?: CallOptions) =>
      makeList<Attempt>((cursor) =>
        api.call(
          (http, init) =>
            http.GET('/jobs/{id}/attempts', { ...init, params: { ...at(id), query: withCursor({}, cursor) } }),
          options,
        ),
      ),
    streamEvents: (id: string, { after, ...options }: RecordStreamOptions = {}) =>
      followEvents<RecordEvent>(
        {
          async open(lastEventId) {
            const params = { ...at(id), query: after === undefined ? {} : { after } }
            const { response } = await api.send(
              (http, init) => http.GET('/jobs/{id}/events/stream', { ...init, params, parseAs: 'stream' }),
              { signal: options.signal },
              { headers: { 'last-event-id': lastEventId }, expects: 'event-stream' },
            )
            return response
          },
          maxOutageMs: api.settings.maxOutageMs,
        },
        options,
      ),
  }
}

function at(id: string) {
  return { path: { id } }
}
