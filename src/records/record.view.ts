import type { Event } from '../events/events.repository.ts'
import type { Desired } from '../vocabulary/kinds.ts'
import { longFields } from '../vocabulary/spec.ts'
import type { LedgerEntry } from '../workloads/engine/attempts.repository.ts'
import { hasOpenRequest, type Workload } from '../workloads/workload.ts'

/** An event of a known record, as clients see it. */
export function eventViewOf({ at, ...event }: Event) {
  return { ...event, at: at.toISOString() }
}

/** A workload as clients see it, field by field. Absent means unknown or not given. */
export function viewOf(workload: Workload, actions: readonly string[], view: 'basic' | 'full') {
  const { spec, error, result } = workload
  return {
    id: workload.id,
    provider: workload.provider,
    connectionId: workload.connectionId,
    ...given('environmentId', workload.environmentId),
    ...(view === 'full' ? spec : withoutLongFields(spec)),
    labels: workload.labels,
    ...(workload.held ? { held: true } : {}),
    version: workload.version,
    status: workload.status,
    ...given('statusReason', workload.reason),
    ...given('statusMessage', workload.message),
    statusChangedAt: workload.statusChangedAt.toISOString(),
    actions,
    ...times(workload),
    ...given('exitCode', workload.exitCode),
    ...given('signal', workload.signal),
    ...given('error', error),
    ...given('tasks', workload.tasks),
    ...given('remote', remoteOf(workload)),
    ...given('result', result === null ? null : { [workload.provider]: result }),
    ...(workload.kind === 'environment' ? { imported: workload.imported } : {}),
    ...(workload.kind === 'environment' && hasOpenRequest(workload)
      ? { requestedAction: actionOf[(workload as Workload<'environment'>).desired] }
      : {}),
  }
}

const actionOf = { run: 'start', stop: 'stop', delete: 'delete' } as const satisfies Record<
  Desired<'environment'>,
  string
>

export function remoteViewOf(workload: Workload) {
  return {
    ...moment('observedAt', workload.observedAt),
    ...given('id', workload.remoteId),
    ...given('state', workload.rawState),
    payload: workload.remotePayload ?? {},
  }
}

export function attemptViewOf(entry: LedgerEntry) {
  return {
    number: entry.number,
    correlationTag: entry.correlationTag,
    scope: entry.scope,
    startedAt: entry.startedAt.toISOString(),
    sendBy: entry.sendBy.toISOString(),
    ...moment('endedAt', entry.endedAt),
    ...given('outcome', entry.outcome),
    ...given('remoteId', entry.remoteId),
    ...given('error', entry.error),
  }
}

function times(workload: Workload) {
  return {
    ...moment('nextAttemptAt', workload.nextAttemptAt),
    createdAt: workload.createdAt.toISOString(),
    updatedAt: workload.updatedAt.toISOString(),
    ...moment('dispatchedAt', workload.dispatchedAt),
    ...moment('startedAt', workload.startedAt),
    ...moment('endedAt', workload.endedAt),
    ...moment(workload.kind === 'job' ? 'cancelRequestedAt' : 'deleteRequestedAt', workload.cancelRequestedAt),
  }
}

function remoteOf({ remoteId, remoteName, rawState }: Workload) {
  const remote = { ...given('id', remoteId), ...given('name', remoteName), ...given('state', rawState) }
  return Object.keys(remote).length === 0 ? null : remote
}

function withoutLongFields(spec: Workload['spec']) {
  return Object.fromEntries(
    Object.entries(spec).filter(([field]) => !(longFields as readonly string[]).includes(field)),
  )
}

function given<N extends string, V>(name: N, value: V | null): { [name in N]?: NonNullable<V> } {
  return value === null || value === undefined ? {} : ({ [name]: value } as { [name in N]?: NonNullable<V> })
}

function moment<N extends string>(name: N, value: Date | null): { [name in N]?: string } {
  return given(name, value === null ? null : value.toISOString())
}
