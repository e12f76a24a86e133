import type { Driver } from '../providers/provider.ts'
import { isRequested, type Workload } from '../workloads/workload.ts'

const startable: ReadonlySet<string> = new Set(['stopping', 'stopped', 'blocked', 'failed'])
const stoppable: ReadonlySet<string> = new Set(['provisioning', 'running', 'starting'])

/** Currently allowed actions of an environment. */
export function environmentActions(
  environment: Workload<'environment'>,
  driver: Driver<'environment'> | undefined,
): readonly string[] {
  const { status, active, desired, remoteId } = environment
  if (!active || isRequested(environment, 'delete', 'deleting')) return []
  // After a rejected delete, only another delete is allowed.
  const isOnlyDeleted = desired === 'delete'
  const can = driver?.controls ?? {}
  const exists = remoteId !== null
  return [
    ...(exists && !isOnlyDeleted && can.start !== undefined && startable.has(status) ? ['start'] : []),
    ...(exists && !isOnlyDeleted && can.stop !== undefined && stoppable.has(status) ? ['stop'] : []),
    ...(!exists || environment.imported || can.delete !== undefined ? ['delete'] : []),
    ...(exists && driver?.access !== undefined && status === 'running' ? ['access'] : []),
  ]
}
