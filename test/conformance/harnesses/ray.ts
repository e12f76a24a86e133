import { rayProvider } from '../../../src/providers/ray/index.ts'
import type { ProviderHarness } from '../harness.ts'

/** Ray, with token authentication. */
export const ray: ProviderHarness = {
  variant: 'ray',
  provider: rayProvider,
  sandbox: 'ray',
  variantSettings: {},
  settings: (baseUrl) => ({ baseUrl }),
  credentials: ({ token = '' }) => ({ token }),
  publicCredentials: [],
  wrongFields: [{ path: 'credentials.token', value: 'an-unknown-token-00000', reportedField: 'credentials.token' }],
  tokens: 'the token is part of the credentials',
  clockField: 'requests have no timestamp',
  retryAfter: 'Ray has no rate limits',
  strictControls: [{ stopMs: 3000 }],
  strictRequests: {},
  kinds: {
    job: {
      spec: (name) => ({ name, script: 'sleep 1\nexit 0\n' }),
      fullSpec: (name) => ({
        name,
        description: 'all supported fields',
        command: ['python', 'train.py', '--note', "it's"],
        environmentVariables: { EPOCHS: '10' },
        workingDirectory: '/srv/run',
        resources: { cpus: 4, memoryMiB: 8192, accelerator: { kind: 'gpu', model: 'T4', count: 2 } },
        timeLimitSeconds: 3000,
        providerOptions: {
          ray: {
            runtimeEnv: {
              workingDir: 's3://bucket/code.zip',
              pyModules: ['s3://bucket/module.zip'],
              pip: ['requests==2.32.3'],
              setupTimeoutSeconds: 300,
            },
            resources: { licenses: 1 },
            labelSelector: { 'ray.io/market-type': 'spot' },
            metadata: { team: 'vision' },
          },
        },
      }),
      alternatives: [
        (name) => ({ name, image: 'rayproject/ray:2.60.0', script: '#!/bin/bash\ntrue\n' }),
        (name) => ({ name, script: 'true', resources: { accelerator: { kind: 'npu', count: 1 } } }),
        (name) => ({ name, script: 'true', providerOptions: { ray: { runtimeEnv: { uv: ['requests'] } } } }),
        (name) => ({ name, script: 'true', providerOptions: { ray: { runtimeEnv: { conda: 'base' } } } }),
      ],
      sentAs: { 'resources.memoryMiB': (mebibytes) => String(Number(mebibytes) * 1024 * 1024) },
      states: {
        PENDING: 'pending',
        RUNNING: 'running',
        STOPPED: 'canceled',
        SUCCEEDED: 'succeeded',
        FAILED: 'failed',
      },
      object: 'job',
      operations: { create: 'jobs.submit', lists: ['jobs.get'], listing: 'jobs.list' },
      missingId: () => 'sy-mnotexisting',
      multiPageCount: 'the list of jobs has no pages',
      batchedFind: 'each job is read by its id, which contains the correlation tag',
      unknownState: true,
    },
  },
}

export const harnesses = [ray]
