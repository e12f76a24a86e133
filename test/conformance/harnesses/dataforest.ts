import { dataforestProvider } from '../../../src/providers/dataforest/index.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import type { ProviderHarness } from '../harness.ts'

const image = 'tensorflow:r2.3.1-py3'

const everything = {
  description: 'all supported fields',
  image: `dataforest/${image}`,
  environmentVariables: { EPOCHS: '10' },
  workingDirectory: '/app',
  queue: 'longlived',
  resources: { cpus: 4, memoryMiB: 8192, accelerator: { kind: 'gpu', model: 'T4', count: 2 } },
  inputs: [{ source: '/user/acct/input', path: '/app/input' }],
  outputs: [{ destination: '/user/acct/output', path: '/app/output', overwrite: true }],
  ports: [{ port: 6006, protocol: 'tcp' }],
} satisfies Omit<EnvironmentSpec, 'name'>

/** Data Forest: AI workspaces and AI apps. */
export const dataforest: ProviderHarness = {
  variant: 'dataforest',
  provider: dataforestProvider,
  sandbox: 'dataforest',
  variantSettings: {},
  settings: (baseUrl, { accountId = '' }) => ({ baseUrl, accountId }),
  credentials: ({ accessKey = '', secretKey = '' }) => ({ accessKey, secretKey }),
  publicCredentials: [],
  wrongFields: [
    { path: 'credentials.accessKey', value: 'UNKNOWNACCESSKEY0000', reportedField: 'credentials' },
    { path: 'credentials.secretKey', value: 'another-accounts-secret-key', reportedField: 'credentials' },
    { path: 'settings.accountId', value: '2mUVZaHseGadiNFAg5MHjk', reportedField: 'settings.accountId' },
  ],
  tokens: 'each request is signed',
  clockField: { field: 'clock' },
  retryAfter: 'the gateway sends no Retry-After',
  strictControls: [{ refuseKillOfEnded: true }, { refuseKillOfEnded: true, errorsIn200: true }],
  strictRequests: { refuseUnknownFields: true, requireContentType: true },
  kinds: {
    job: {
      spec: (name) => ({ name, image, script: 'sleep 1' }),
      fullSpec: (name) => ({
        ...everything,
        name,
        timeLimitSeconds: 3600,
        command: ['python', 'train.py', '--note', "it's"],
        providerOptions: { dataforest: { namePrefix: 'pinned' } },
      }),
      alternatives: [(name) => ({ name, image, script: 'python train.py && echo done' })],
      object: 'aiapp',
      // The YARN state, followed by the outcome once FINISHED; only SUCCEEDED is a success.
      states: {
        NEW: 'pending',
        NEW_SAVING: 'pending',
        SUBMITTED: 'pending',
        ACCEPTED: 'pending',
        RUNNING: 'running',
        'FINISHED/SUCCEEDED': 'succeeded',
        'FINISHED/FAILED': 'failed',
        'FINISHED/KILLED': 'canceled',
        'FINISHED/UNDEFINED': 'unknown',
        'FINISHED/ENDED': 'unknown',
        FAILED: 'failed',
        KILLED: 'canceled',
      },
      operations: { create: 'aiapps.submit', lists: ['aiapps.getList'] },
      missingId: (existing) => `0${existing.slice(1)}`,
      multiPageCount: 'the list is not paged',
      batchedFind: true,
      forceState(sandbox, remoteId, rawState) {
        const [state = '', outcome = 'UNDEFINED'] = rawState.split('/')
        sandbox.force('dataforest', remoteId, { state, outcome })
      },
      unknownState: true,
    },
    environment: {
      spec: (name) => ({ name, image, command: ['ls'] }),
      fullSpec: (name) => ({
        ...everything,
        name,
        script: 'python serve.py',
        providerOptions: { dataforest: { configurationName: 'default', userPackageUri: '/user/acct/package.zip' } },
      }),
      alternatives: [(name) => ({ name, image, command: ['python', 'serve.py', '--note', "it's"] })],
      object: 'aiworkspace',
      // A workspace has a flag instead of a state.
      states: { enabled: 'running', disabled: 'blocked' },
      operations: { create: 'aiworkspaces.create', lists: ['aiworkspaces.getList'] },
      missingId: (existing) => `0${existing.slice(1)}`,
      multiPageCount: 'the list is not paged',
      batchedFind: true,
      // An existing workspace is enabled; there is no state to force.
      forceState: () => {},
      unforcedStates: { disabled: 'the sandbox never disables a workspace' },
      unknownState: 'a workspace has no state',
    },
  },
}

export const harnesses = [dataforest]
