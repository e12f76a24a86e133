import { at, ids } from './ids.ts'

/** Connections and providers. */

const slurm = { baseUrl: 'https://slurm.example.com', user: 'alice', defaultWorkingDirectory: '/home/alice' }
const hub = { baseUrl: 'https://hub.example.com', username: 'alice' }

export const connectionRequests = {
  slurm: {
    summary: 'A Slurm cluster',
    value: {
      ...{ name: 'cluster', settings: { slurm } },
      credentials: { slurm: { key: 'ZXhhbXBsZS1rZXktb2YtdGhlLWNsdXN0ZXItMDE=' } },
    },
  },
  jupyterhub: {
    summary: 'A JupyterHub',
    value: { name: 'hub', settings: { jupyterhub: hub }, credentials: { jupyterhub: { token: 'example-hub-token' } } },
  },
}
export const connectionPatches = {
  hold: { summary: 'Suspend all calls', value: { held: true } },
  rename: { summary: 'Rename it', value: { name: 'main-cluster' } },
  credentials: {
    summary: 'Replace the credentials',
    value: { credentials: { slurm: { key: 'YW5vdGhlci1rZXktb2YtdGhlLWNsdXN0ZXItMDI=' } } },
  },
}
export const connection = {
  ...{ id: ids.connection, provider: 'slurm', name: 'cluster', version: 1, held: false },
  settings: {
    slurm: { ...slurm, version: 'v0.0.38', path: '/usr/local/bin:/usr/bin:/bin', minJobAgeSeconds: 300 },
  },
  ...{ createdAt: at(0), updatedAt: at(0) },
}
export const catalog = { job: { queues: [{ name: 'debug', state: 'UP', total_nodes: 4, total_cpus: 32 }] } }
export const orphans = {
  orphans: [{ kind: 'job', remoteId: '4712', name: 'hello', state: 'RUNNING', correlationTag: 'a1b2c3d4e5f7' }],
  isComplete: true,
}

const capabilities = {
  ...{ logs: false, logTimestamps: false, access: false },
  ...{ catalog: true, update: false, dryRun: false, import: true },
}
const summary = { actions: ['cancel'], capabilities, environment: 'none', timeLimit: 'switchyard' }
const names = { id: 'slurm', title: 'Slurm (slurmrestd)', documentation: 'https://slurm.schedmd.com/rest.html' }
export const providerList = { data: [{ ...names, kinds: { job: summary } }] }
const job = {
  ...summary,
  fields: [
    { path: 'name', required: false, mutable: false, to: 'job.name' },
    { path: 'queue', required: false, mutable: false, to: 'job.partition' },
  ],
  mutableOptions: [],
  options: { type: 'object', properties: { qos: { type: 'string', description: 'Quality of service (QOS).' } } },
  states: [
    { raw: 'RUNNING', status: 'running' },
    { raw: 'COMPLETED', status: 'succeeded' },
  ],
  ...{ exclusiveEnvironment: false, uniqueNames: false },
  createRecovery: {
    ...{ tagLength: 12, tagField: 'job.comment', maxProcessingMs: 60_000, listConsistencyLagMs: 0 },
    ...{ retentionMs: 300_000, reusesIds: true },
  },
}
export const providerDescription = {
  ...names,
  settings: { type: 'object', required: ['baseUrl', 'user'], properties: { baseUrl: { type: 'string' } } },
  credentials: { type: 'object', properties: { key: { type: 'string' } } },
  kinds: { job },
}
export const connectionCapabilities = { provider: 'slurm', kinds: { job } }

const calls = {
  ...{ total: 412, failed: 3, rejected: 1, errorRate: 0.0073 },
  errors: [
    { code: 'unavailable', calls: 3 },
    { code: 'conflict', calls: 1 },
  ],
  latency: { meanMs: 87.4, p50Ms: 64.2, p95Ms: 231.5, p99Ms: 912.3 },
}
const state = {
  calls,
  workloads: { live: 12, parked: 0, outcomeUnknown: 0 },
  lastSucceededAt: at(80),
  lastFailure: {
    ...{ connectionId: ids.connection, at: at(20), operation: 'list', code: 'unavailable', httpStatus: 503 },
    message: 'Slurm did not respond: Service Unavailable.',
  },
  ...{ scanLagSeconds: 0, lastScannedAt: at(79) },
}
const measured = { measuredAt: at(81), windowSeconds: 3600 }
export const providerHealth = {
  data: [{ provider: 'slurm', connections: { total: 2, held: 0, paused: 0 }, ...state }],
  ...measured,
}
export const connectionHealth = {
  ...{ connectionId: ids.connection, provider: 'slurm', held: false, ...state },
  operations: [{ operation: 'list', ...calls }],
  ...measured,
}
