import type { Driver } from '../providers/provider.ts'
import { isRequested, type Workload } from '../workloads/workload.ts'

const startable: ReadonlySet<string> = new Set(['stopping', 'stopped', 'blocked', 'failed'])
const stoppable: ReadonlySet<string> = new Set(['provisioning', 'running', 'starting'])

/** What can be asked of an environment now. */
export function environmentActions(
  environment: Workload<'environment'>,
  driver: Driver<'environment'> | undefined,
): readonly string[] {
  const { status, active, desired, remoteId } = environment
  if (!active || isRequested(environment, 'delete', 'deleting')) return []
  // A delete that was refused can be asked for again, and nothing else can.
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
