import { Refusal } from '../vocabulary/refusal.ts'
import type { ReadsRepository } from '../workloads/reads.repository.ts'
import type { Workload } from '../workloads/workload.ts'
import type { Target, WorkloadService } from '../workloads/workload-service.ts'

interface Deps {
  workloads: WorkloadService
  reads: Pick<ReadsRepository, 'liveJobs'>
}

/** Jobs that a refusal names, and that one request cancels. */
const mostJobs = 1000

export type EnvironmentService = ReturnType<typeof makeEnvironmentService>

/** The wishes about an environment that exists. */
export function makeEnvironmentService({ workloads, reads }: Deps) {
  async function settled(target: Target, verb: 'start' | 'stop'): Promise<Workload<'environment'>> {
    const environment = await workloads.get('environment', target.projectId, target.id)
    if (environment.live && environment.desired !== 'delete') {
      if (verb === 'start' && environment.remoteId === null && environment.status === 'failed')
        throw neverMade(environment)
      const desired = verb === 'start' ? 'run' : 'stop'
      return workloads.wish('environment', target, { desired, verb, eventType: `environment.${verb}_requested` })
    }
    const what = environment.live ? 'is being deleted' : 'is deleted'
    throw new Refusal('wrong_state', `Environment ${environment.id} ${what}, so it cannot ${verb}. Make a new one.`)
  }

  return {
    start: (target: Target) => settled(target, 'start'),
    stop: (target: Target) => settled(target, 'stop'),

    /** Of an import only the record ends, unless `remote`. */
    async remove(
      target: Target,
      { cancelJobs = false, remote = false }: { cancelJobs?: boolean; remote?: boolean },
    ): Promise<Workload<'environment'>> {
      const environment = await workloads.get('environment', target.projectId, target.id)
      const jobs = environment.live ? await reads.liveJobs(environment.id, mostJobs) : []
      if (jobs.length > 0 && !cancelJobs) throw inUse(environment, jobs)
      for (const id of jobs) {
        const job = { projectId: target.projectId, by: target.by, id, ifVersion: null }
        await workloads.wish('job', job, { desired: 'cancel', verb: 'cancel', eventType: 'job.cancel_requested' })
      }
      const keepRemote = environment.imported && !remote
      return workloads.wish('environment', target, {
        desired: 'delete',
        verb: 'delete',
        eventType: 'environment.delete_requested',
        keepRemote,
      })
    },
  }
}

function inUse(environment: Workload<'environment'>, jobs: readonly string[]): Refusal {
  const named = jobs.slice(0, 5).join(', ')
  const more = jobs.length > 5 ? ` and ${jobs.length - 5} more` : ''
  const detail = `Environment ${environment.id} is used by ${named}${more}. Wait for them, or delete it with ?cancelJobs=true.`
  return new Refusal('environment_in_use', detail)
}

function neverMade(environment: Workload<'environment'>): Refusal {
  const detail = `Environment ${environment.id} was never made: ${environment.message ?? 'its provider refused it'} Delete it and make a new one.`
  return new Refusal('wrong_state', detail)
}
