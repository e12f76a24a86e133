import type { Job } from '@switchyard/client'

/** As `isFinished` of the client, which is not loaded by commands that do not use it. */
const isFinal: Readonly<Record<Job['status'], boolean>> = {
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

/** Whether nothing more is expected of a job. */
export function isFinished({ status }: Pick<Job, 'status'>): boolean {
  return isFinal[status]
}
