import type { Driver } from '../providers/provider.ts'
import type { Workload } from '../workloads/workload.ts'

/** What can be asked of a job now. Before it is sent it can be called off whatever the provider can do. */
export function jobActions(job: Workload<'job'>, driver: Driver<'job'> | undefined): readonly string[] {
  const isCancelable =
    job.live && job.desired === 'run' && (job.status === 'queued' || driver?.controls.cancel !== undefined)
  const hasLogs = job.remoteId !== null && driver?.logs !== undefined
  return [...(isCancelable ? ['cancel'] : []), ...(hasLogs ? ['logs'] : [])]
}
