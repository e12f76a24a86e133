import { at, ids } from './ids.ts'
import { queuedJob } from './workloads.ts'

/** Jobs of a parameter sweep: submitted in one request, and canceled by their label. */

const labels = { sweep: 'rates' }
const point = (rate: string) => ({
  ...{ provider: 'slurm', name: `rate-${rate}`, labels, script: '#!/bin/sh\n./train "$RATE"\n' },
  environmentVariables: { RATE: rate },
})

export const batchRequests = {
  sweep: { summary: 'Jobs of a sweep', value: { jobs: [point('0.1'), point('0.2')] } },
  keyed: {
    summary: 'Jobs with their own idempotency keys',
    value: {
      jobs: [
        { ...point('0.3'), idempotencyKey: 'rates-0.3' },
        { ...point('0.4'), idempotencyKey: 'rates-0.4' },
      ],
    },
  },
}

export const batchCancels = {
  dryRun: { summary: 'What would be canceled', value: { filter: { label: ['sweep:rates'] }, dryRun: true } },
  sweep: { summary: 'All jobs with a label', value: { filter: { label: ['sweep:rates'] } } },
  pending: {
    summary: 'Some jobs that have not started',
    value: { filter: { provider: 'slurm', status: ['queued', 'pending'], createdBefore: at(0) }, limit: 100 },
  },
}

const detail = 'Use only letters, digits, `_`, `.` and `-` in the name.'
const problem = {
  ...{ type: 'urn:switchyard:problem:invalid_request', title: 'Invalid request', status: 400, detail },
  ...{ instance: '/jobs/batch', code: 'invalid_request', retryable: false },
  errors: [{ in: 'body', pointer: '/jobs/1/name', code: 'pattern', detail }],
  requestId: '5226228d-8925-4188-8531-3a441a54f05d',
}

/** One job is accepted, the other rejected. */
export const batchResult = {
  ...{ accepted: 1, rejected: 1 },
  results: [
    { index: 0, status: 'accepted', job: { ...queuedJob, labels, name: 'rate-0.1' } },
    { index: 1, status: 'rejected', problem },
  ],
}

export const batchCancelResult = {
  ...{ dryRun: false, matched: 2, requested: 1, unchanged: 1, unsupported: 0 },
  ...{ requestedIds: [ids.job], unsupportedIds: [] },
}
