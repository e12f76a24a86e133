import { kubernetesProvider } from '../../../src/providers/kubernetes/index.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import type { KindHarness, ProviderHarness } from '../harness.ts'

const image = 'registry.example.com/train:1'

const everything = {
  description: 'all supported fields',
  image: 'registry.example.com/train:2',
  environmentVariables: { EPOCHS: '10' },
  workingDirectory: '/app',
  resources: { cpus: 4, memoryMiB: 8192, accelerator: { kind: 'gpu', model: 'NVIDIA-T4', count: 2 } },
  mounts: [{ source: 'datasets', path: '/data', readOnly: true }],
} satisfies Omit<JobSpec, 'name'>

const podOptions = {
  nodeSelector: ['pool=training'],
  tolerations: ['dedicated=gpu:NoSchedule', 'spot'],
  priorityClass: 'high',
  imagePullPolicy: 'IfNotPresent',
  sharedMemoryMiB: 1024,
}

const objectId = (remoteId: string) => remoteId.split('/')[1] ?? ''

const job = {
  spec: (name) => ({ name, image, script: 'sleep 1' }),
  fullSpec: (name) => ({
    ...everything,
    name,
    command: ['python', 'train.py', '--note', "it's"],
    queue: 'night',
    resources: { ...everything.resources, nodes: 2 },
    timeLimitSeconds: 3600,
    providerOptions: { kubernetes: { ...podOptions, queuePriorityClass: 'urgent' } },
  }),
  alternatives: [
    (name) => ({ name, image, script: '#!/usr/bin/env python3\nprint(1)\n', resources: { flavor: 'c8.large' } }),
  ],
  object: 'job',
  // Condition types, and before the first condition, states derived from pod counts.
  states: {
    Pending: 'pending',
    Suspended: 'pending',
    Running: 'running',
    Terminating: 'running',
    Complete: 'succeeded',
    Failed: 'failed',
    Canceled: 'canceled',
  },
  operations: { create: 'jobs.create', lists: ['jobs.get'], listing: 'jobs.list' },
  missingId: (existing) => `does-not-exist/${objectId(existing)}`,
  multiPageCount: 101,
  batchedFind: 'an object is read by its name, which contains the correlation tag',
  objectId,
  forceState: (sandbox, remoteId, state) => void sandbox.force('kubernetes', objectId(remoteId), { state }),
  unforcedStates: { Canceled: 'a cancel also sets an annotation; covered by the cancel tests' },
  unknownState: 'a Job has conditions and counts; unknown condition types are ignored',
} satisfies KindHarness<'job'>

const environment = {
  spec: (name) => ({ name, image, ports: [{ port: 8888, protocol: 'http' }] }),
  fullSpec: (name) => ({
    ...everything,
    name,
    command: ['jupyter', 'lab', '--note', "it's"],
    ports: [
      { port: 8888, protocol: 'http' },
      { port: 2222, protocol: 'tcp' },
    ],
    storage: { sizeGiB: 20, type: 'standard' },
    autoStop: { afterSeconds: 3600, basis: 'running' },
    providerOptions: { kubernetes: podOptions },
  }),
  alternatives: [
    (name) => ({
      name,
      image,
      script: 'jupyter lab && true',
      resources: { flavor: 'c8.large' },
      storage: { source: 'datasets' },
    }),
  ],
  object: 'statefulset',
  // Derived from the desired and actual fields of a StatefulSet.
  states: {
    Pending: 'provisioning',
    Running: 'running',
    Stopping: 'stopping',
    Stopped: 'stopped',
    Deleting: 'deleting',
  },
  operations: { create: 'statefulsets.create', lists: ['statefulsets.get'], listing: 'statefulsets.list' },
  missingId: (existing) => `does-not-exist/${objectId(existing)}`,
  multiPageCount: 101,
  batchedFind: 'an object is read by its name, which contains the correlation tag',
  objectId,
  forceState: (sandbox, remoteId, state) => void sandbox.force('kubernetes', objectId(remoteId), { state }),
  unknownState: 'a StatefulSet has counts, and no state',
} satisfies KindHarness<'environment'>

/** Kubernetes: Jobs and StatefulSets of one namespace. */
export const kubernetes: ProviderHarness = {
  variant: 'kubernetes',
  provider: kubernetesProvider,
  sandbox: 'kubernetes',
  variantSettings: {},
  settings: (baseUrl, { namespace = '' }) => ({ baseUrl, namespace, kueue: true }),
  credentials: ({ token = '' }) => ({ token }),
  publicCredentials: [],
  wrongFields: [
    { path: 'credentials.token', value: 'an-unknown-token-00000', reportedField: 'credentials.token' },
    { path: 'settings.namespace', value: 'missing', reportedField: 'settings.namespace' },
    { path: 'settings.serviceAccount', value: 'unknown', reportedField: 'settings.serviceAccount' },
    { path: 'settings.defaultQueue', value: 'missing', reportedField: 'settings.defaultQueue' },
  ],
  tokens: 'the token is part of the credentials',
  clockField: 'requests have no timestamp',
  retryAfter: { ms: 1000 },
  strictControls: [{ terminatingMs: 100 }],
  strictRequests: {},
  kinds: { job, environment },
}

export const harnesses = [kubernetes]
