import { objectApiError } from '../../connections/provider-api-error.ts'
import type { Driver } from '../../providers/driver.ts'
import type { Access, LogChunk } from '../../providers/observation.ts'
import { ProviderError } from '../../providers/provider-error.ts'
import { type Hide, hideInError } from '../../secrets/redact-secrets.ts'
import type { OpenSecrets } from '../../secrets/secret-variables.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Workload } from '../workload.ts'
import { timedText } from './timed-text.ts'
import type { WorkloadService } from './workload-service.ts'

export interface ProviderQueriesDeps {
  service: Pick<WorkloadService, 'get'>
  driverOf<K extends Kind>(connectionId: string, kind: K): Promise<Driver<K> | undefined>
  secretsOf: OpenSecrets['of']
  callTimeoutMs: number
  /** Writes an audit log entry. */
  noteAccess(access: { projectId: string; by: Actor; objectId: string }): Promise<void>
}

interface LogQuery {
  cursor: string | null
  timestamps: boolean
}

interface Query {
  projectId: string
  id: string
  what: 'logs' | 'access'
  /** Whether the times of lines are needed. */
  timestamps?: boolean
}

export type ProviderQueries = ReturnType<typeof makeProviderQueries>

/** Live queries to the provider while the client waits. Responses are not stored. */
export function makeProviderQueries(deps: ProviderQueriesDeps) {
  async function query<K extends Kind, A>(
    kind: K,
    about: Query,
    call: (driver: Driver<K>, remoteId: string, signal: AbortSignal) => Promise<A> | undefined,
    clean: (response: A, hide: Hide) => A,
  ): Promise<A> {
    const { projectId, id, what } = about
    const workload = await deps.service.get(kind, projectId, id)
    const driver = supporting(about, workload, await deps.driverOf(workload.connectionId, kind))
    if (workload.remoteId === null) throw doesNotExist(workload, what)
    const { hide } = await deps.secretsOf(workload)
    try {
      const response = call(driver, workload.remoteId, AbortSignal.timeout(deps.callTimeoutMs))
      if (response === undefined) throw cannot(workload, what)
      return clean(await response, hide)
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error
      throw cursorError(error) ?? objectApiError(workload.provider, hideInError(hide, error))
    }
  }

  return {
    /** @param timestamps begins each line with its time */
    logs(projectId: string, id: string, { cursor, timestamps }: LogQuery): Promise<LogChunk> {
      const about: Query = { projectId, id, what: 'logs', timestamps }
      const call = (driver: Driver<'job'>, remoteId: string, signal: AbortSignal) =>
        driver.logs?.(remoteId, cursor, signal)
      return query('job', about, call, ({ text, lineTimes = [], ...chunk }, hide) => {
        if (text === undefined) return chunk
        return { text: timestamps ? timedText({ text, lineTimes }, hide) : hide.text(text), ...chunk }
      })
    },
    /** Some providers issue a token, so access is audited before it is returned. */
    async access({ projectId, by }: { projectId: string; by: Actor }, id: string): Promise<Access> {
      const access = await query(
        'environment',
        { projectId, id, what: 'access' },
        (driver, remoteId, signal) => driver.access?.(remoteId, signal),
        // Access details contain secrets, and the caller is permitted to read them.
        (response: Access) => response,
      )
      await deps.noteAccess({ projectId, by, objectId: id })
      return access
    },
  }
}

/** @throws if the driver does not support the query */
function supporting<K extends Kind>(
  { what, timestamps = false }: Query,
  workload: Workload<K>,
  driver: Driver<K> | undefined,
): Driver<K> {
  if (driver?.[what] === undefined) throw cannot(workload, what)
  if (timestamps && driver.traits.logTimestamps !== true) throw hasNoTimestamps(workload)
  return driver
}

/** Retrying makes sense only if it can still be created. */
function doesNotExist({ id, status, active, endedAt }: Workload, what: string): ApiError {
  const isOver = !active || endedAt !== null
  const detail = isOver
    ? `${id} ended as ${status} before it was created at the provider, so it has no ${what}.`
    : `${id} is not created at the provider yet (status ${status}). Retry later.`
  return new ApiError('conflict', detail)
}

/** A cursor that the driver rejects is an error of the client, not of the provider. */
function cursorError({ field, notSent, message }: ProviderError): ApiError | null {
  if (field !== 'cursor' || !notSent) return null
  return new ApiError('invalid_request', message, {
    errors: [{ in: 'query', pointer: 'cursor', code: 'cursor', detail: message }],
  })
}

function cannot(workload: Workload, what: string): ApiError {
  const detail = `Provider ${workload.provider} does not support ${what} for a ${workload.kind}. See GET /providers/${workload.provider}.`
  return new ApiError('unsupported', detail)
}

function hasNoTimestamps({ provider, kind }: Workload): ApiError {
  const detail = `Provider ${provider} returns the logs of a ${kind} without the times of their lines. Leave out \`timestamps\`, or use a provider whose capabilities have \`logTimestamps\`.`
  return new ApiError('unsupported', detail, {
    errors: [{ in: 'query', pointer: 'timestamps', code: 'unsupported', detail }],
  })
}
