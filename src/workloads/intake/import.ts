import type { IdSpaceOf } from '../../connections/id-spaces.ts'
import { objectApiError } from '../../connections/provider-api-error.ts'
import { isUniqueViolation } from '../../infra/database-errors.ts'
import type { Driver } from '../../providers/driver.ts'
import type { Observation } from '../../providers/observation.ts'
import { ProviderError } from '../../providers/provider-error.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import { makeId } from '../../vocabulary/ids.ts'
import type { Json } from '../../vocabulary/json.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { WorkloadKind } from '../kind.ts'
import type { ChangeNotifier } from '../ports.ts'
import { nameOf } from '../store/holders.repository.ts'
import type { ReadsRepository } from '../store/reads.repository.ts'
import type { Workload } from '../workload.ts'
import { HeldObjectError } from './admission.repository.ts'
import { type Admission, makeCorrelationTag } from './admission.ts'
import type { ResolveConnection } from './submission.ts'

export interface ImportDeps<K extends Kind> {
  kind: WorkloadKind<K>
  reads: Pick<ReadsRepository, 'get'>
  resolveConnection: ResolveConnection
  admission: Pick<Admission, 'admit'>
  notifier: ChangeNotifier
  hint(connectionId: string): void
  installationTag: string
  idSpaceOf: IdSpaceOf
  callTimeoutMs: number
}

export interface ImportRequest {
  connectionId: string
  remoteId: string
  name?: string
  labels?: Readonly<Record<string, string>>
}

export type Import<K extends Kind> = (
  owner: { projectId: string; by: Actor },
  request: ImportRequest,
) => Promise<Workload<K>>

/**
 * Creates a record for an object that exists at the provider. The provider is queried first, so a wrong id fails here.
 * An object has one active record across connections and projects: a second import fails, and names the record if it is
 * the caller's.
 */
export function makeImport<K extends Kind>(deps: ImportDeps<K>): Import<K> {
  const { name: kind, accepted: taken } = deps.kind
  return async ({ projectId, by }, request) => {
    const { id: connectionId, opened } = await deps.resolveConnection(projectId, { connectionId: request.connectionId })
    const driver = importing(opened.driver(kind), opened.provider, kind)
    const seen = await readObject(driver, opened.provider, request.remoteId, deps.callTimeoutMs)
    // In the provider's spelling, which may differ from the request.
    const { remoteId } = seen
    const { name: idSpace, connectionIds } = await deps.idSpaceOf(connectionId, kind)
    const name = request.name ?? nameFrom(seen.remoteName ?? remoteId)
    const id = makeId(kind)
    const correlationTag = makeCorrelationTag(driver.tagLength, deps.installationTag)
    await admit(deps, remoteId, {
      ...{
        id,
        eventId: makeId('event'),
        by,
        projectId,
        kind,
        provider: opened.provider,
        connectionId,
        environmentId: null,
      },
      ...{
        name,
        labels: request.labels ?? {},
        spec: { name } as Json,
        correlationTag,
        status: taken,
        imported: true,
        remoteId,
        ...(seen.identity === undefined ? {} : { remoteIdentity: seen.identity }),
        exclusivityKey: `import/${idSpace}/${remoteId}`,
        object: { connectionIds, correlationTag: seen.correlationTag ?? null },
        accelerators: 0,
        key: null,
      },
    })
    deps.notifier.changed([projectId])
    deps.hint(connectionId)
    const workload = await deps.reads.get(projectId, kind, id)
    if (workload === null) throw new Error(`${id} was imported and is not there`)
    return workload
  }
}

async function admit(
  { admission }: Pick<ImportDeps<Kind>, 'admission'>,
  remoteId: string,
  workload: Parameters<Admission['admit']>[0],
): Promise<void> {
  try {
    await admission.admit(workload)
  } catch (error) {
    if (error instanceof HeldObjectError) throw isKnownAlready(remoteId, nameOf(error.holder, workload.projectId))
    if (isUniqueViolation(error, 'workloads_exclusive')) throw isKnownAlready(remoteId, 'another request')
    throw error
  }
}

/** The driver of a connection that can import this kind. */
function importing<K extends Kind>(driver: Driver<K> | undefined, provider: string, kind: K): Driver<K> {
  if (driver === undefined)
    throw refused('/connectionId', 'unsupported', `Provider ${provider} does not support ${kind}s for this connection.`)
  const { notImportable } = driver.traits
  if (notImportable !== undefined) throw refused('/connectionId', 'unsupported', notImportable)
  return driver
}

async function readObject<K extends Kind>(
  driver: Driver<K>,
  provider: string,
  remoteId: string,
  timeoutMs: number,
): Promise<Observation<K>> {
  const signal = AbortSignal.timeout(timeoutMs)
  let reason: string | null
  try {
    const seen = await driver.get(remoteId, signal)
    if (seen !== 'gone') return seen
    reason = (await driver.whyGone?.(remoteId, signal)) ?? null
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (error.code === 'invalid_request')
      throw refused('/remoteId', error.notSent ? 'pattern' : 'rejected', error.message)
    throw objectApiError(provider, error)
  }
  if (reason !== null) throw refused('/remoteId', 'unsupported', reason)
  const detail = `The provider returned no object ${remoteId} for this connection. Check the id.`
  throw refused('/remoteId', 'not_found', detail)
}

function isKnownAlready(remoteId: string, holder: string): ApiError {
  return refused('/remoteId', 'known', `Object ${remoteId} is ${holder} already. Use the existing record.`, 'conflict')
}

/** The provider's name, reduced to the allowed characters. */
function nameFrom(remoteName: string): string {
  const cleaned = remoteName
    .replaceAll(/[^A-Za-z0-9_.-]/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 64)
  return cleaned === '' ? 'imported' : cleaned
}

function refused(
  pointer: string,
  code: string,
  detail: string,
  problemCode: 'unprocessable' | 'conflict' = 'unprocessable',
): ApiError {
  return new ApiError(problemCode, detail, { errors: [{ in: 'body', pointer, code, detail }] })
}
