import type { Driver } from '../providers/driver.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { requireVersion, type Target, type WorkloadService } from '../workloads/actions/workload-service.ts'
import type { ReadsRepository } from '../workloads/store/reads.repository.ts'
import { isRequested, type Workload } from '../workloads/workload.ts'

interface Deps {
  workloads: WorkloadService
  reads: Pick<ReadsRepository, 'liveJobs'>
}

/** Jobs that are read and canceled per page. */
const pageOfJobs = 50
const namedJobs = 5

export type EnvironmentService = ReturnType<typeof makeEnvironmentService>

/** Action requests on an existing environment. */
export function makeEnvironmentService({ workloads, reads }: Deps) {
  async function request(target: Target, action: 'start' | 'stop'): Promise<Workload<'environment'>> {
    const environment = await workloads.get('environment', target.projectId, target.id)
    if (!environment.active || environment.desired === 'delete') throw isOver(environment, action)
    if (action === 'start' && environment.remoteId === null && environment.status === 'failed')
      throw notCreated(environment)
    const desired = action === 'start' ? 'run' : 'stop'
    const eventType = `environment.${action}_requested` as const
    const requested = await workloads.requestAction('environment', target, { desired, action, eventType })
    if (!requested.active) throw isOver(requested, action)
    return requested
  }

  /** Cancels all jobs; the environment is deleted only when the last one has ended. */
  async function cancelJobsOf(environmentId: string, { projectId, by }: Target): Promise<void> {
    for (let after = ''; ; ) {
      const page = await reads.liveJobs(environmentId, { after, limit: pageOfJobs })
      const cancel = { desired: 'cancel', action: 'cancel', eventType: 'job.cancel_requested' } as const
      await Promise.all(
        page.map((id) => workloads.requestAction('job', { projectId, by, id, ifVersions: null }, cancel)),
      )
      const last = page.at(-1)
      if (last === undefined || page.length < pageOfJobs) return
      after = last
    }
  }

  async function rejectWhileUsed(environment: Workload<'environment'>): Promise<void> {
    const jobs = await reads.liveJobs(environment.id, { after: '', limit: namedJobs + 1 })
    if (jobs.length > 0) throw inUse(environment, jobs)
  }

  return {
    start: (target: Target) => request(target, 'start'),
    stop: (target: Target) => request(target, 'stop'),

    /** For imports, only the record is deleted unless `remote`. */
    async remove(
      target: Target,
      { cancelJobs = false, remote = false }: { cancelJobs?: boolean; remote?: boolean },
    ): Promise<Workload<'environment'>> {
      const environment = await workloads.get('environment', target.projectId, target.id)
      requireVersion(environment, target.ifVersions)
      if (cancelJobs) await cancelJobsOf(environment.id, target)
      else if (environment.active && environment.desired !== 'delete') await rejectWhileUsed(environment)
      const keepRemote = environment.imported && !remote
      return workloads.requestAction('environment', target, {
        desired: 'delete',
        action: 'delete',
        eventType: 'environment.delete_requested',
        keepRemote,
      })
    },
  }
}

function isOver({ id, active }: Workload<'environment'>, action: 'start' | 'stop'): ApiError {
  const what = active ? 'is being deleted' : 'is deleted'
  return new ApiError('conflict', `Environment ${id} ${what} and cannot ${action}. Create a new one.`)
}

function inUse(environment: Workload<'environment'>, jobs: readonly string[]): ApiError {
  const named = jobs.slice(0, namedJobs).join(', ')
  const more = jobs.length > namedJobs ? ' and more' : ''
  const detail = `Environment ${environment.id} is used by ${named}${more}. Wait for them to finish, or delete it with ?cancelJobs=true.`
  return new ApiError('environment_in_use', detail)
}

function notCreated(environment: Workload<'environment'>): ApiError {
  const detail = `Environment ${environment.id} was never created: ${environment.message ?? 'rejected by the provider.'} Delete it and create a new one.`
  return new ApiError('conflict', detail)
}

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
