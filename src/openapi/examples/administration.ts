import { at, ids } from './ids.ts'

/** Projects, API keys and the audit log. */

const quota = { activeWorkloads: 100, accelerators: 8 }
export const projectRequests = {
  unlimited: { summary: 'Without a quota', value: { name: 'vision' } },
  limited: { summary: 'With a quota', value: { name: 'speech', quota } },
}
export const projectPatches = { quota: { summary: 'Replace the quota', value: { quota } } }
export const project = { id: ids.project, name: 'vision', quota, createdAt: at(0) }

const scopes = ['jobs:read', 'jobs:write']
export const keyRequests = {
  submit: { summary: 'A key that submits jobs', value: { name: 'ci', scopes } },
  expiring: {
    summary: 'A key for another project that expires',
    value: { name: 'workshop', projectId: ids.project, scopes, expiresAt: '2099-12-31T00:00:00Z' },
  },
}
export const keyRotations = {
  standard: { summary: 'Both keys for a day', value: {} },
  immediate: { summary: 'Only the new key', value: { overlapSeconds: 0 } },
}
export const apiKey = { id: ids.apiKey, projectId: ids.project, name: 'ci', scopes, createdAt: at(0) }
export const apiKeyWithSecret = { ...apiKey, key: `sy_${ids.apiKey.slice('key_'.length)}_example` }
export const auditEntry = {
  ...{ id: ids.audit, at: at(0), projectId: ids.project, subject: ids.apiKey, address: '192.0.2.7' },
  ...{ requestId: '5226228d-8925-4188-8531-3a441a54f05d', action: 'job.submitted', objectId: ids.job },
  ...{ outcome: 'done', data: {} },
}
