import type { Environment, EnvironmentStatus, Job, JobStatus } from './types.ts'

/** Whether nothing more is expected of a job with this status. */
export const finishedJobStatuses: Readonly<Record<JobStatus, boolean>> = {
  queued: false,
  dispatching: false,
  pending: false,
  running: false,
  canceling: false,
  succeeded: true,
  failed: true,
  canceled: true,
  unknown: true,
}

/** Whether an environment remains in this status until something is requested. */
export const settledEnvironmentStatuses: Readonly<Record<EnvironmentStatus, boolean>> = {
  queued: false,
  dispatching: false,
  provisioning: false,
  starting: false,
  running: true,
  stopping: false,
  stopped: true,
  blocked: true,
  failed: true,
  deleting: false,
  deleted: true,
}

/** Whether nothing more is expected of a job. A status of a later version counts as unfinished. */
export function isFinished({ status }: Pick<Job, 'status'>): boolean {
  return finishedJobStatuses[status] ?? false
}

/** Whether no change of an environment is in progress or requested. */
export function isSettled({ status, requestedAction }: Pick<Environment, 'status' | 'requestedAction'>): boolean {
  return status === 'deleted' || (requestedAction === undefined && (settledEnvironmentStatuses[status] ?? false))
}
