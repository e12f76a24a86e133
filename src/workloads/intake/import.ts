import type { IdSpaceOf } from '../../connections/id-spaces.ts'
import { objectApiError } from '../../connections/provider-api-error.ts'
import { isUniqueViolation } from '../../infra/database-errors.ts'
import type { Driver } from '../../providers/driver.ts'
import { ProviderError } from '../../providers/provider-error.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import { makeId } from '../../vocabulary/ids.ts'
import type { Json } from '../../vocabulary/json.ts'
import type { WorkloadKind } from '../kind.ts'
import type { ChangeNotifier } from '../ports.ts'
import { nameOf } from '../store/holders.repository.ts'
import type { ReadsRepository } from '../store/reads.repository.ts'
import type { Workload } from '../workload.ts'
import { HeldObjectError } from './admission.repository.ts'
import { type Admission, makeCorrelationTag } from './admission.ts'
import type { ResolveConnection } from './submission.ts'

export interface ImportDeps {
  kind: WorkloadKind<'environment'>
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

export type ImportEnvironment = (
  owner: { projectId: string; by: Actor },
  request: ImportRequest,
) => Promise<Workload<'environment'>>

/**
 * Creates a record for an object that exists at the provider. The provider is queried first, so a wrong id fails here.
 * An object has one active record across connections and projects: a second import fails, and names the record if it is
 * the caller's.
 */
export function makeImport(deps: ImportDeps): ImportEnvironment {
  return async ({ projectId, by }, request) => {
    const { id: connectionId, opened } = await deps.resolveConnection(projectId, { connectionId: request.connectionId })
    const driver = opened.driver('environment')
    if (driver === undefined)
      throw refused(
        '/connectionId',
        'unsupported',
        `Provider ${opened.provider} does not support environments for this connection.`,
      )
    const seen = await readObject(driver, opened.provider, request.remoteId, deps.callTimeoutMs)
    // In the provider's spelling, which may differ from the request.
    const { remoteId } = seen
    const { name: idSpace, connectionIds } = await deps.idSpaceOf(connectionId, 'environment')
    const name = request.name ?? nameFrom(seen.remoteName ?? remoteId)
    const id = makeId('environment')
    const { accepted: taken } = deps.kind
    const correlationTag = makeCorrelationTag(driver.tagLength, deps.installationTag)
    await admit(deps, remoteId, {
      ...{
        id,
        eventId: makeId('event'),
        by,
        projectId,
        kind: 'environment',
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
        exclusivityKey: `import/${idSpace}/${remoteId}`,
        object: { connectionIds, correlationTag: seen.correlationTag ?? null },
        accelerators: 0,
        key: null,
      },
    })
    deps.notifier.changed([projectId])
    deps.hint(connectionId)
    const workload = await deps.reads.get(projectId, 'environment', id)
    if (workload === null) throw new Error(`${id} was imported and is not there`)
    return workload
  }
}

async function admit(
  { admission }: ImportDeps,
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

async function readObject(driver: Driver<'environment'>, provider: string, remoteId: string, timeoutMs: number) {
  try {
    const seen = await driver.get(remoteId, AbortSignal.timeout(timeoutMs))
    if (seen !== 'gone') return seen
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (error.code === 'invalid_request' && error.notSent) throw refused('/remoteId', 'pattern', error.message)
    throw objectApiError(provider, error)
  }
  throw refused(
    '/remoteId',
    'not_found',
    `The provider returned no object ${remoteId} for this connection. Check the id.`,
  )
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
