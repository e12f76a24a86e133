import { at, cursor, ids } from './ids.ts'

/** Workloads that wait for an operator. */

const workload = { id: ids.job, kind: 'job', projectId: ids.project, provider: 'slurm' }
const call = (description: string, body: object, option: string) => ({
  ...{ description, method: 'POST', path: `/attention/${ids.job}/resolve`, body },
  command: `switchyard admin resolve ${ids.job} ${option}`,
})
const notCreated = call('Nothing was created; the create is sent again.', { outcome: 'not_created' }, '--not-created')
const retry = call('Process it again: an open create is searched for first.', { outcome: 'retry' }, '--retry')

export const attentionItem = {
  ...{ ...workload, connectionId: ids.connection, name: 'train', state: 'parked', status: 'dispatching' },
  statusReason: 'outcome_unknown',
  statusMessage:
    '2 objects at the provider match this record: 4711, 4712. Operator action required: inspect the provider, then call resolve.',
  ...{ code: 'timeout', since: at(0), createdAt: at(0), correlationTag: 'a1b2c3d4e5f6' },
  lastProviderCall: { operation: 'create', at: at(30) },
  attempts: 1,
  lastAttempt: { number: 1, startedAt: at(0), endedAt: at(30), outcome: 'unknown' },
  calls: [notCreated, retry],
}
export const candidateReport = {
  ...{ id: ids.job, correlationTag: 'a1b2c3d4e5f6', isComplete: true },
  candidates: [{ remoteId: '4711', remoteName: 'train', state: 'RUNNING', hasTag: true, isOwned: false }],
  calls: [call('The object is 4711.', { remoteId: '4711' }, '--remote-id 4711'), retry],
}

const filter = { provider: 'slurm', code: 'timeout', sinceBefore: at(600) }
export const attentionResolves = {
  dryRun: {
    summary: 'What would be sent again',
    value: { filter, resolution: { outcome: 'not_created' }, dryRun: true },
  },
  retry: {
    summary: 'Process all parked workloads of a connection again',
    value: {
      filter: { connectionId: ids.connection, state: ['parked'] },
      resolution: { outcome: 'retry' },
      limit: 100,
    },
  },
}
export const attentionResolved = {
  ...{ dryRun: false, matched: 1, resolved: 1 },
  items: [{ ...workload, state: 'parked', result: 'resolved' }],
  nextCursor: cursor,
}
export const workloadResolutions = {
  object: { summary: 'This object was created', value: { remoteId: '4711' } },
  notCreated: { summary: 'Nothing was created', value: { outcome: 'not_created' } },
  ended: { summary: 'How a job ended', value: { status: 'succeeded' } },
}
export const resolvedWorkload = {
  ...{ id: ids.job, kind: 'job', projectId: ids.project, status: 'dispatching' },
  ...{ statusReason: 'outcome_unknown', version: 5 },
}

const hold = 'hold_01h455vb4pex5vsknk084sn02q'
export const creationHold = {
  ...{ id: hold, provider: 'slurm', note: 'Maintenance of the cluster', createdBy: ids.apiKey, createdAt: at(0) },
}
export const creationHolds = {
  provider: { summary: 'A provider', value: { provider: 'slurm', note: 'Maintenance of the cluster' } },
  connection: { summary: 'A connection', value: { connectionId: ids.connection, note: 'Move to another account' } },
}
