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
    ...optional('environmentId', workload.environmentId),
    ...(view === 'full' ? spec : withoutLongFields(spec)),
    labels: workload.labels,
    ...(workload.held ? { held: true } : {}),
    version: workload.version,
    status: workload.status,
    ...optional('statusReason', workload.reason),
    ...optional('statusMessage', workload.message),
    statusChangedAt: workload.statusChangedAt.toISOString(),
    actions,
    ...times(workload),
    ...optional('exitCode', workload.exitCode),
    ...optional('signal', workload.signal),
    ...optional('error', error),
    ...optional('tasks', workload.tasks),
    ...optional('remote', remoteOf(workload)),
    ...optional('result', result === null ? null : { [workload.provider]: result }),
    imported: workload.imported,
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
    ...optionalTime('observedAt', workload.observedAt),
    ...optional('id', workload.remoteId),
    ...optional('state', workload.rawState),
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
    ...optionalTime('endedAt', entry.endedAt),
    ...optional('outcome', entry.outcome),
    ...optional('remoteId', entry.remoteId),
    ...optional('error', entry.error),
  }
}

function times(workload: Workload) {
  return {
    ...optionalTime('nextAttemptAt', workload.nextAttemptAt),
    createdAt: workload.createdAt.toISOString(),
    updatedAt: workload.updatedAt.toISOString(),
    ...optionalTime('dispatchedAt', workload.dispatchedAt),
    ...optionalTime('startedAt', workload.startedAt),
    ...optionalTime('endedAt', workload.endedAt),
    ...optionalTime(workload.kind === 'job' ? 'cancelRequestedAt' : 'deleteRequestedAt', workload.cancelRequestedAt),
  }
}

function remoteOf({ remoteId, remoteName, rawState }: Workload) {
  const remote = { ...optional('id', remoteId), ...optional('name', remoteName), ...optional('state', rawState) }
  return Object.keys(remote).length === 0 ? null : remote
}

function withoutLongFields(spec: Workload['spec']) {
  return Object.fromEntries(
    Object.entries(spec).filter(([field]) => !(longFields as readonly string[]).includes(field)),
  )
}

function optional<N extends string, V>(name: N, value: V | null): { [name in N]?: NonNullable<V> } {
  return value === null || value === undefined ? {} : ({ [name]: value } as { [name in N]?: NonNullable<V> })
}

function optionalTime<N extends string>(name: N, value: Date | null): { [name in N]?: string } {
  return optional(name, value === null ? null : value.toISOString())
}
