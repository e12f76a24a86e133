import { slurmProvider } from '../../../src/providers/slurm/index.ts'
import type { ProviderHarness } from '../harness.ts'

/** Slurm before 23.11, with tokens signed by the cluster key. */
export const slurmOpenapi: ProviderHarness = {
  variant: 'slurm, v0.0.38',
  provider: slurmProvider,
  sandbox: 'slurm',
  variantSettings: { version: 'v0.0.38' },
  settings: (url, { user = '' }) => ({ baseUrl: url, user, defaultWorkingDirectory: '/home/sandbox01' }),
  credentials: ({ key = '' }) => ({ key }),
  publicCredentials: [],
  wrongFields: [
    { path: 'credentials.key', value: 'b'.repeat(43), reportedField: 'credentials.key' },
    { path: 'settings.user', value: 'unknown', reportedField: 'credentials.key' },
  ],
  tokens: 'each call signs a new token with the key',
  // A ten-minute token has expired for a clock twenty minutes ahead.
  clockField: { field: 'credentials.key' },
  retryAfter: 'slurmrestd has no rate limits',
  strictControls: [{ completingMs: 100 }],
  strictRequests: { versions: 'v0.0.38' },
  kinds: {
    job: {
      spec: (name) => ({ name, script: 'sleep 1\nexit 0\n' }),
      fullSpec: (name) => ({
        name,
        description: 'all supported fields',
        command: ['python', 'train.py', '--note', "it's"],
        environmentVariables: { EPOCHS: '10' },
        workingDirectory: '/home/sandbox01/run',
        queue: 'long',
        resources: { cpus: 4, memoryMiB: 8192, accelerator: { kind: 'gpu', model: 't4', count: 2 }, nodes: 2 },
        timeLimitSeconds: 3000,
        stdoutPath: 'out-%j.txt',
        stderrPath: 'err-%j.txt',
        providerOptions: {
          slurm: {
            account: 'vision',
            qos: 'normal',
            dependency: 'afterany:1',
            beginTime: 'now+1hours',
            tasksPerNode: 2,
            priority: 5,
            nice: 10,
            exclusive: true,
            requeue: false,
          },
        },
      }),
      alternatives: [(name) => ({ name, script: '#!/bin/bash\ntrue\n' })],
      states: {
        PENDING: 'pending',
        CONFIGURING: 'pending',
        REQUEUED: 'pending',
        REQUEUE_FED: 'pending',
        REQUEUE_HOLD: 'pending',
        RESV_DEL_HOLD: 'pending',
        SPECIAL_EXIT: 'pending',
        POWER_UP_NODE: 'pending',
        EXPEDITING: 'pending',
        RUNNING: 'running',
        COMPLETING: 'running',
        SUSPENDED: 'running',
        STOPPED: 'running',
        RESIZING: 'running',
        SIGNALING: 'running',
        STAGE_OUT: 'running',
        COMPLETED: 'succeeded',
        FAILED: 'failed',
        TIMEOUT: 'failed',
        OUT_OF_MEMORY: 'failed',
        NODE_FAIL: 'failed',
        BOOT_FAIL: 'failed',
        PREEMPTED: 'failed',
        DEADLINE: 'failed',
        LAUNCH_FAILED: 'failed',
        RECONFIG_FAIL: 'failed',
        CANCELLED: 'canceled',
        REVOKED: 'canceled',
      },
      object: 'job',
      operations: { create: 'job.submit', lists: ['job.list'] },
      missingId: () => '67000000',
      multiPageCount: 'the list of jobs has no pages',
      batchedFind: true,
      unknownState: true,
    },
  },
}

/** Slurm 24.11, with the oldest API version of its formats. */
export const slurm2411: ProviderHarness = {
  ...slurmOpenapi,
  variant: 'slurm, v0.0.40',
  variantSettings: { version: 'v0.0.40' },
  sandboxSettings: { release: '24.11.5', versions: 'v0.0.40,v0.0.41,v0.0.42' },
  strictRequests: { refusesUnknownFields: true },
}

/** Slurm 26.05, whose newest version is discovered. */
export const slurm: ProviderHarness = {
  ...slurmOpenapi,
  variant: 'slurm',
  variantSettings: {},
  strictRequests: { refusesUnknownFields: true },
}

export const harnesses = [slurm, slurm2411, slurmOpenapi]
