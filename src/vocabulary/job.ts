import { defineTransitions } from './transitions.ts'

/**
 * The life of a job. `queued` has not been sent; the provider's own waiting states are `pending`.
 * `running → pending` is a requeue. `unknown` = it ended and nobody can tell how.
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
