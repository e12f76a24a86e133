import type { Kind } from '../../vocabulary/kinds.ts'
import type { ChangeNotifier, Connections, Log } from '../ports.ts'
import type { Workload } from '../workload.ts'
import type { Executed, ExecutionContext } from './execution-context.ts'

export interface ReportDeps {
  connections: Pick<Connections, 'failed' | 'succeeded'>
  /** Records for operators that the provider holds a second object for this workload. */
  noteDuplicate(workloadId: string, remoteId: string): Promise<void>
  /** Records that the provider created the object without some fields of the request. */
  noteIgnored(workloadId: string, ignored: readonly string[]): Promise<void>
  notifier: ChangeNotifier
  log: Log
}

/** Reports the result of a call to its connection. Not awaited, so the workload is not delayed. */
export function reportCall<K extends Kind>(
  deps: ReportDeps,
  { claimed, facts, connection }: ExecutionContext<K>,
  { outcome, isProbe }: Pick<Executed<K>, 'outcome'> & { isProbe: boolean },
): void {
  const { connectionId } = claimed.workload
  const called = { id: connectionId, version: connection.version, isProbe }
  if (outcome.did === 'settle' || (outcome.did !== 'fail' && !facts.connection.hasFailed)) return
  const reported =
    outcome.did === 'fail' ? deps.connections.failed(called, outcome.error) : deps.connections.succeeded(called)
  reported.catch((error: unknown) => deps.log.warn({ err: error, connectionId }, 'connection health not saved'))
}

export async function reportDuplicate(deps: ReportDeps, workload: Workload, remoteId: string): Promise<void> {
  const { id: workloadId, projectId, connectionId, correlationTag } = workload
  const context = { workloadId, connectionId, correlationTag, remoteId }
  deps.log.error(context, 'duplicate_detected: two remote objects exist for one workload')
  await deps.noteDuplicate(workloadId, remoteId).catch((error: unknown) => {
    deps.log.error({ ...context, err: error }, 'duplicate event not saved')
  })
  deps.notifier.changed([projectId, workloadId])
}

/** A job without its GPU costs as much as one with it, so this is an error, and the client sees it. */
export async function reportIgnored(deps: ReportDeps, workload: Workload, ignored: readonly string[]): Promise<void> {
  const { id: workloadId, projectId, connectionId, provider } = workload
  const context = { workloadId, connectionId, provider, ignored }
  deps.log.error(context, 'fields_ignored: the provider created the object without parts of the request')
  await deps.noteIgnored(workloadId, ignored).catch((error: unknown) => {
    deps.log.error({ ...context, err: error }, 'fields_ignored event not saved')
  })
  deps.notifier.changed([projectId, workloadId])
}
