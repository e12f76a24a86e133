import { at, ids } from './ids.ts'

/** Webhook endpoints, deliveries, and the messages themselves. */

const url = 'https://example.com/hooks/switchyard'
const eventTypes = ['job.succeeded', 'job.failed', 'environment.*']

export const endpointRequests = {
  all: { summary: 'All events', value: { url } },
  some: { summary: 'Some event types', value: { url, eventTypes, description: 'Results of jobs' } },
}
export const endpointPatches = {
  disable: { summary: 'Suspend deliveries', value: { enabled: false } },
  resume: { summary: 'Resume with other event types', value: { enabled: true, eventTypes: ['job.*'] } },
}
export const rotations = {
  standard: { summary: 'Both secrets for a day', value: {} },
  immediate: { summary: 'Only the new secret', value: { overlapSeconds: 0 } },
}
export const replays = { sinceOutage: { summary: 'Since an outage', value: { since: at(0) } } }
export const endpoint = {
  ...{ id: ids.webhookEndpoint, url, description: '', eventTypes, enabled: true, version: 1 },
  ...{ createdAt: at(0), updatedAt: at(0) },
}
export const endpointWithSecret = { ...endpoint, secret: 'whsec_ZXhhbXBsZS1zaWduaW5nLXNlY3JldC0wMDAwMDAwMDE=' }
export const pendingDelivery = {
  ...{ id: ids.webhookDelivery, eventId: ids.event, type: 'webhook.test', status: 'pending', attempts: 0 },
  ...{ createdAt: at(60), nextAttemptAt: at(60) },
}
export const delivered = {
  ...{ id: ids.webhookDelivery, eventId: ids.event, type: 'job.succeeded', status: 'delivered', attempts: 1 },
  ...{ createdAt: at(70), deliveredAt: at(71), lastAttempt: { at: at(71), httpStatus: 204 } },
}
export const replayed = { count: 12, isComplete: true }

export const recordMessage = {
  ...{ type: 'job.succeeded', timestamp: at(70) },
  data: { eventId: ids.event, recordId: ids.job, kind: 'job', seq: 4, status: 'succeeded', remoteState: 'COMPLETED' },
}
export const testMessage = {
  ...{ type: 'webhook.test', timestamp: at(60) },
  data: { eventId: ids.event, endpointId: ids.webhookEndpoint },
}
