import { scnetProvider } from '../../../src/providers/scnet/index.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import type { KindHarness, ProviderHarness } from '../harness.ts'

const minimal = {
  image: 'registry.scnet.invalid/base/pytorch:2.1',
  queue: 'CPU',
  resources: { cpus: 2, memoryMiB: 4096 },
}

const container = {
  object: 'container',
  operations: { create: 'container.create', lists: ['container.list'] },
  missingId: () => '0'.repeat(32),
  multiPageCount: 101,
  batchedFind: true,
  unknownState: true,
} satisfies Partial<KindHarness<'environment'>>

const containerExtras = {
  description: 'all supported fields',
  queue: 'Z100L',
  resources: { cpus: 4, memoryMiB: 8192, accelerator: { kind: 'dcu', count: 1 }, nodes: 2 },
  mounts: [{ source: '/public/home/acsandbox01', path: '/work', type: 'path' }],
  ports: [{ port: 8080, protocol: 'http' }],
  environmentVariables: { EPOCHS: '10' },
} satisfies Omit<EnvironmentSpec, 'name'>

const environments: KindHarness<'environment'> = {
  ...container,
  // A container that ended automatically can be started again, like one that was stopped.
  states: {
    Waiting: 'provisioning',
    Deploying: 'provisioning',
    Running: 'running',
    Terminated: 'stopped',
    Completed: 'stopped',
    Failed: 'failed',
  },
  spec: (name) => ({ ...minimal, name }),
  fullSpec: (name) => ({
    ...minimal,
    ...containerExtras,
    name,
    interfaces: ['vscode'],
    autoStop: { afterSeconds: 3600, basis: 'running' },
    startupScript: 'pip install numpy',
    startupScriptScope: 'first',
    providerOptions: { scnet: { version: 'pytorch:2.1' } },
  }),
}

const common = {
  provider: scnetProvider,
  sandbox: 'scnet',
  publicCredentials: [],
  retryAfter: 'rate limits are not documented',
  clockField: 'a wrong clock and a wrong key cause the same error',
  strictRequests: {
    refuseUnknownFields: true,
    checkResources: true,
    scriptLinesMustEnd: true,
    containerPortType: 'string',
  },
} satisfies Partial<ProviderHarness>

const settings: ProviderHarness['settings'] = (url, { user = '', clusterId = '' }) => ({
  loginUrl: url,
  platformUrl: url,
  user,
  clusterId,
})

const wrongLocations = [
  { path: 'settings.user', value: 'unknown', reportedField: 'credentials' },
  { path: 'settings.clusterId', value: '99999', reportedField: 'settings.clusterId' },
  // Its account is suspended.
  { path: 'settings.clusterId', value: '10867', reportedField: 'settings.clusterId' },
]

/** SCNet with HPC jobs, logged in by access key. */
export const scnetHpc: ProviderHarness = {
  ...common,
  variant: 'scnet, HPC jobs by access key',
  // The platform returns the endpoints of a region.
  unreachedEndpoints: ['clusterId', 'clusterName'],
  variantSettings: { jobApi: 'hpc' },
  settings,
  planSettings: ({ clusterUser }) => ({
    schedulerId: '1638523853',
    defaultWorkingDirectory: `/public/home/${clusterUser}`,
  }),
  credentials: ({ accessKey = '', secretKey = '' }) => ({ accessKey, secretKey }),
  wrongFields: [
    { path: 'credentials.accessKey', value: 'f'.repeat(32), reportedField: 'credentials' },
    { path: 'credentials.secretKey', value: 'another-accounts-secret-key', reportedField: 'credentials' },
    { path: 'settings.schedulerId', value: '1', reportedField: 'settings.schedulerId' },
    ...wrongLocations,
  ],
  tokens: { logins: ['auth.login', 'auth.next'] },
  strictControls: [
    { refuseNoopActions: true, refuseDeleteOfLive: true },
    { refuseCancelOfEnded: true, refuseCancelByQuery: true },
    { unknownIdCode: '0' },
    { refuseNoopActions: true, refuseCancelOfEnded: true, errorsHaveStatus: true, errorsSayMessage: true },
  ],
  kinds: {
    job: {
      spec: (name) => ({ name, script: 'echo made; sleep 1', queue: 'kshcnormal', timeLimitSeconds: 3600 }),
      fullSpec: (name) => ({
        name,
        description: 'all supported fields',
        command: ['python', 'train.py', '--note', "it's"],
        environmentVariables: { EPOCHS: '10' },
        workingDirectory: '/public/home/acsandbox01/run',
        queue: 'dcu',
        resources: { cpus: 4, memoryMiB: 8192, accelerator: { kind: 'dcu', count: 2 }, nodes: 2 },
        timeLimitSeconds: 90_000,
        stdoutPath: 'out.txt',
        stderrPath: 'err.txt',
        providerOptions: { scnet: { exclusive: true } },
      }),
      alternatives: [
        (name) => ({
          name,
          script: 'mpirun hostname',
          queue: 'kshcnormal',
          resources: { accelerator: { kind: 'gpu', count: 4 } },
          timeLimitSeconds: 3600,
          providerOptions: { scnet: { nodeList: 'node[1-2]', processes: 64 } },
        }),
      ],
      object: 'job',
      // The vendor's list, states observed on live systems, and raw states of the scheduler.
      states: {
        statW: 'pending',
        statQ: 'pending',
        statH: 'pending',
        statRQ: 'pending',
        statR: 'running',
        statS: 'running',
        statE: 'running',
        statC: 'succeeded',
        statD: 'failed',
        statF: 'failed',
        statEX: 'failed',
        statN: 'failed',
        statT: 'failed',
        statDE: 'canceled',
        PENDING: 'pending',
        RUNNING: 'running',
        COMPLETED: 'succeeded',
        FAILED: 'failed',
        TIMEOUT: 'failed',
        OUT_OF_MEMORY: 'failed',
        NODE_FAIL: 'failed',
        CANCELLED: 'canceled',
      },
      operations: { create: 'job.submit', lists: ['job.list', 'job.history'] },
      missingId: () => '999999999',
      multiPageCount: 101,
      batchedFind: true,
      unknownState: true,
    },
    environment: environments,
  },
}

/** SCNet with containers as jobs, logged in by password. */
export const scnetContainer: ProviderHarness = {
  ...common,
  variant: 'scnet, container jobs by password',
  // The access key login and the batch job services are not used.
  unreachedEndpoints: ['clusterId', 'clusterName', 'loginUrl', 'hpcUrl', 'efileUrl'],
  variantSettings: { jobApi: 'container' },
  settings,
  credentials: ({ password = '', orgId = '' }) => ({ password, orgId }),
  wrongFields: [
    { path: 'credentials.password', value: 'a-wrong-password', reportedField: 'credentials' },
    { path: 'credentials.orgId', value: 'f'.repeat(32), reportedField: 'credentials' },
    ...wrongLocations,
  ],
  tokens: { logins: ['auth.passwordLogin', 'auth.next'] },
  strictControls: [{ refuseNoopActions: true, refuseDeleteOfLive: true }, { unknownIdCode: '0' }],
  kinds: {
    job: {
      ...container,
      states: {
        Waiting: 'pending',
        Deploying: 'pending',
        Running: 'running',
        Completed: 'succeeded',
        Terminated: 'canceled',
        Failed: 'failed',
      },
      spec: (name) => ({ ...minimal, name, script: 'sleep 1\nexit 0\n', timeLimitSeconds: 3600 }),
      fullSpec: (name) => ({
        ...minimal,
        ...containerExtras,
        name,
        command: ['python', 'train.py', '--note', "it's"],
        workingDirectory: '/work',
        timeLimitSeconds: 90_000,
        providerOptions: { scnet: { version: 'pytorch:2.1', interface: 'jupyter', startScriptScope: 'first' } },
      }),
    },
    environment: environments,
  },
}

export const harnesses = [scnetHpc, scnetContainer]
