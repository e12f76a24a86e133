import * as administration from './administration.ts'
import * as connections from './connections.ts'
import * as history from './history.ts'
import { at, cursor, ids } from './ids.ts'
import * as jobBatches from './job-batches.ts'
import * as operator from './operator.ts'
import * as webhooks from './webhooks.ts'
import * as workloads from './workloads.ts'

export type NamedExamples = Record<string, { summary: string; value: unknown }>

/** Examples of each request body, by operation. */
export const requestExamples: Readonly<Record<string, NamedExamples>> = {
  createConnection: connections.connectionRequests,
  updateConnection: connections.connectionPatches,
  submitJob: workloads.jobRequests,
  submitJobBatch: jobBatches.batchRequests,
  cancelJobBatch: jobBatches.batchCancels,
  previewJob: workloads.jobRequests,
  updateJob: workloads.patches.job,
  resolveJob: history.resolutions.job,
  createEnvironment: workloads.environmentRequests,
  previewEnvironment: workloads.environmentRequests,
  updateEnvironment: workloads.patches.environment,
  importEnvironment: {
    server: {
      summary: 'An existing notebook server',
      value: { connectionId: ids.connection, remoteId: 'alice/notebook', name: 'notebook' },
    },
  },
  resolveEnvironment: history.resolutions.environment,
  createWebhookEndpoint: webhooks.endpointRequests,
  updateWebhookEndpoint: webhooks.endpointPatches,
  rotateWebhookSecret: webhooks.rotations,
  replayWebhookEndpoint: webhooks.replays,
  createProject: administration.projectRequests,
  updateProject: administration.projectPatches,
  createApiKey: administration.keyRequests,
  rotateApiKey: administration.keyRotations,
  resolveWorkload: operator.workloadResolutions,
  resolveAttention: operator.attentionResolves,
}

const page = (...data: readonly object[]) => ({ data, nextCursor: cursor })
const lastPage = (...data: readonly object[]) => ({ data })

/** One example of each success response with a body, by operation. */
export const answerExamples: Readonly<Record<string, unknown>> = {
  getLiveness: { status: 'ok' },
  getReadiness: { status: 'ok' },
  listProviders: connections.providerList,
  getProvider: connections.providerDescription,
  getProviderHealth: connections.providerHealth,
  createConnection: connections.connection,
  listConnections: lastPage(connections.connection),
  getConnection: connections.connection,
  updateConnection: { ...connections.connection, version: 2, held: true, updatedAt: at(60) },
  verifyConnection: { ok: true },
  getConnectionCapabilities: connections.connectionCapabilities,
  getConnectionCatalog: connections.catalog,
  listConnectionOrphans: connections.orphans,
  getConnectionHealth: connections.connectionHealth,
  listJobs: page(workloads.finishedJob),
  submitJob: workloads.queuedJob,
  submitJobBatch: jobBatches.batchResult,
  cancelJobBatch: jobBatches.batchCancelResult,
  getJob: workloads.finishedJob,
  updateJob: { ...workloads.finishedJob, version: 5, labels: { team: 'vision' }, updatedAt: at(80) },
  listJobEvents: history.jobEvents,
  listJobAttempts: history.jobAttempts,
  getJobRemote: history.jobRemote,
  streamJobEvents: history.jobMessage,
  previewJob: workloads.previews.job,
  cancelJob: workloads.canceledJob,
  getJobLogs: history.logs,
  downloadJobLogs: history.logs.text,
  resolveJob: workloads.queuedJob,
  listEnvironments: page(workloads.runningEnvironment),
  createEnvironment: workloads.queuedEnvironment,
  getEnvironment: workloads.runningEnvironment,
  updateEnvironment: { ...workloads.runningEnvironment, version: 5, labels: { team: 'vision' }, updatedAt: at(80) },
  deleteEnvironment: workloads.changingEnvironment('delete'),
  listEnvironmentEvents: history.environmentEvents,
  listEnvironmentAttempts: history.environmentAttempts,
  getEnvironmentRemote: history.environmentRemote,
  streamEnvironmentEvents: history.environmentMessage,
  previewEnvironment: workloads.previews.environment,
  importEnvironment: { ...workloads.runningEnvironment, version: 1, imported: true },
  startEnvironment: workloads.changingEnvironment('start'),
  stopEnvironment: workloads.changingEnvironment('stop'),
  getEnvironmentAccess: history.access,
  resolveEnvironment: workloads.queuedEnvironment,
  listEvents: history.projectEvents,
  streamEvents: history.projectMessage,
  createWebhookEndpoint: webhooks.endpointWithSecret,
  listWebhookEndpoints: lastPage(webhooks.endpoint),
  getWebhookEndpoint: webhooks.endpoint,
  updateWebhookEndpoint: { ...webhooks.endpoint, version: 2, enabled: false, updatedAt: at(60) },
  rotateWebhookSecret: { ...webhooks.endpointWithSecret, version: 2, updatedAt: at(60) },
  listWebhookDeliveries: page(webhooks.delivered),
  getWebhookDelivery: webhooks.delivered,
  testWebhookEndpoint: webhooks.pendingDelivery,
  redeliverWebhook: { ...webhooks.pendingDelivery, type: 'job.succeeded' },
  replayWebhookEndpoint: webhooks.replayed,
  createProject: administration.project,
  listProjects: lastPage(administration.project),
  getProject: administration.project,
  updateProject: administration.project,
  createApiKey: administration.apiKeyWithSecret,
  listApiKeys: lastPage(administration.apiKey),
  getApiKey: administration.apiKey,
  revokeApiKey: { ...administration.apiKey, revokedAt: at(60) },
  rotateApiKey: administration.apiKeyWithSecret,
  listAudit: page(administration.auditEntry),
  listAttention: page(operator.attentionItem),
  findCandidates: operator.candidateReport,
  resolveWorkload: operator.resolvedWorkload,
  resolveAttention: operator.attentionResolved,
}
