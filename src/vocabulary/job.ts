import { defineTransitions } from './transitions.ts'

/**
 * Status transitions of a job. `queued` has not been sent. Waiting states at the provider are `pending`; a requeue
 * leads from `running` to `pending`. `unknown` = finished with an unknown outcome.
 */
export const jobTransitions = defineTransitions({
  queued: ['dispatching', 'failed', 'canceled'],
  dispatching: ['queued', 'pending', 'running', 'canceling', 'succeeded', 'failed', 'canceled', 'unknown'],
  pending: ['running', 'canceling', 'succeeded', 'failed', 'canceled', 'unknown'],
  running: ['pending', 'canceling', 'succeeded', 'failed', 'canceled', 'unknown'],
  canceling: ['succeeded', 'failed', 'canceled', 'unknown'],
  succeeded: [],
  failed: [],
  canceled: [],
  unknown: [],
})

export type JobStatus = keyof typeof jobTransitions
