import type { Driver } from '../providers/provider.ts'
import { isRequested, type Workload } from '../workloads/workload.ts'

/** Currently allowed actions of a job. Before dispatch it can be canceled whatever the provider supports. */
export function jobActions(job: Workload<'job'>, driver: Driver<'job'> | undefined): readonly string[] {
  const isPossible = job.active && (job.status === 'queued' || driver?.controls.cancel !== undefined)
  const isCancelable = isPossible && !isRequested(job, 'cancel', 'canceling')
  const hasLogs = job.remoteId !== null && driver?.logs !== undefined
  return [...(isCancelable ? ['cancel'] : []), ...(hasLogs ? ['logs'] : [])]
}
