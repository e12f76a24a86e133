import { defineTransitions } from './transitions.ts'

/**
 * Status transitions of an environment. `blocked` is stable but requires the user; the reason explains it. `failed` is not
 * terminal: start or delete may follow. Only `deleted` is terminal.
 */
export const environmentTransitions = defineTransitions({
  queued: ['dispatching', 'failed', 'deleted'],
  dispatching: [
    'queued',
    'provisioning',
    'running',
    'stopping',
    'stopped',
    'starting',
    'blocked',
    'failed',
    'deleting',
    'deleted',
  ],
  provisioning: ['running', 'stopping', 'stopped', 'starting', 'blocked', 'failed', 'deleting', 'deleted'],
  running: ['provisioning', 'stopping', 'stopped', 'starting', 'blocked', 'failed', 'deleting', 'deleted'],
  stopping: ['stopped', 'blocked', 'failed', 'deleting', 'deleted'],
  stopped: ['provisioning', 'starting', 'running', 'blocked', 'failed', 'deleting', 'deleted'],
  starting: ['provisioning', 'running', 'stopping', 'stopped', 'blocked', 'failed', 'deleting', 'deleted'],
  blocked: ['provisioning', 'starting', 'running', 'stopping', 'stopped', 'failed', 'deleting', 'deleted'],
  failed: ['provisioning', 'starting', 'running', 'stopping', 'stopped', 'blocked', 'deleting', 'deleted'],
  deleting: ['failed', 'deleted'],
  deleted: [],
})

export type EnvironmentStatus = keyof typeof environmentTransitions

/** Statuses in which an environment accepts no jobs and waiting jobs fail. */
export const statusesRejectingJobs: ReadonlySet<EnvironmentStatus> = new Set(['failed', 'deleting', 'deleted'])
