import { modelartsProvider } from '../../../src/providers/modelarts/index.ts'
import type { KindHarness, ProviderHarness } from '../harness.ts'

const flavor = 'modelarts.vm.cpu.2u'
const image = 'organization/image:1.0'

const trainingJobs: KindHarness<'job'> = {
  spec: (name) => ({ name, image, script: 'sleep 1', resources: { flavor } }),
  fullSpec: (name) => ({
    name,
    description: 'all supported fields',
    image,
    command: ['python', 'train.py', '--note', "it's"],
    environmentVariables: { EPOCHS: '10' },
    workingDirectory: '/home/ma-user',
    queue: 'pool-1',
    resources: { flavor: 'modelarts.vm.cpu.8u', nodes: 2 },
    inputs: [{ name: 'data_url', source: '/bucket/in/', path: '/home/ma-user/in' }],
    outputs: [{ name: 'train_url', destination: '/bucket/out/', path: '/home/ma-user/out' }],
    mounts: [{ source: 'nfs:192.168.0.1:/share', path: '/mnt/share', readOnly: true }],
    timeLimitSeconds: 3600,
    providerOptions: { modelarts: { annotations: { key: 'value' }, logPath: '/bucket/logs/' } },
  }),
  alternatives: [
    (name) => ({ name, image, script: 'echo made\nsleep 1\n', queue: 'pool-1', resources: { nodes: 2 } }),
    (name) => ({
      name,
      resources: { flavor },
      inputs: [{ name: 'data_url', source: 'dataset:d1/v1', path: '/home/ma-user/in' }],
      mounts: [{ source: 'pfs:/file-system/', path: '/mnt/pfs' }],
      providerOptions: {
        modelarts: {
          algorithm: { codeDir: '/bucket/code/', bootFile: '/bucket/code/boot.py', localCodeDir: '/home/ma-user/code' },
          engine: { name: 'PyTorch', version: 'pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64' },
          parameters: [{ name: 'lr', value: '0.01' }],
        },
      },
    }),
  ],
  object: 'job',
  states: {
    Creating: 'pending',
    Pending: 'pending',
    Running: 'running',
    Terminating: 'canceling',
    Terminated: 'canceled',
    Completed: 'succeeded',
    Failed: 'failed',
    Abnormal: 'failed',
  },
  operations: { create: 'jobs.create', lists: ['jobs.search'] },
  missingId: () => '00000000-0000-4000-8000-000000000000',
  multiPageCount: 51,
  batchedFind: true,
  unknownState: true,
}

const common = {
  provider: modelartsProvider,
  sandbox: 'modelarts',
  publicCredentials: ['username', 'domainName'],
  retryAfter: { ms: 1000 },
  strictControls: [{ vagueStateErrors: true }],
  strictRequests: { refuseUnknownFields: true, requireContentType: true, requireProjectHeader: true, allowEvs: true },
} satisfies Partial<ProviderHarness>

const settings: ProviderHarness['settings'] = (url, { region = '', projectId = '' }) => ({
  baseUrl: url,
  iamUrl: url,
  region,
  projectId,
})

/** ModelArts with the environments of `demanager`, requests signed with an access key. */
export const modelartsDemanager: ProviderHarness = {
  ...common,
  variant: 'modelarts, demanager by access key',
  // Signed requests need no token.
  unreachedEndpoints: ['iamUrl'],
  variantSettings: { environmentApi: 'demanager' },
  settings,
  credentials: ({ accessKey = '', secretKey = '' }) => ({ accessKey, secretKey }),
  wrongFields: [
    { path: 'credentials.accessKey', value: 'UNKNOWNACCESSKEY0000', reportedField: 'credentials.accessKey' },
    { path: 'credentials.secretKey', value: 'another-accounts-secret-key', reportedField: 'credentials.secretKey' },
    { path: 'settings.projectId', value: '5d3c2b1a0f9e4d8c7b6a59483726150f', reportedField: 'settings.projectId' },
  ],
  tokens: 'each request is signed',
  clockField: { field: 'clock' },
  kinds: {
    job: trainingJobs,
    environment: {
      spec: (name) => ({
        name,
        image: 'Multi-Engine 1.0 (python3)-cpu',
        resources: { flavor },
        storage: { source: '/bucket/directory/' },
      }),
      fullSpec: (name) => ({
        name,
        description: 'all supported fields',
        image: 'Multi-Engine 1.0 (python3)-cpu',
        queue: 'pool-1',
        resources: { flavor },
        interfaces: ['jupyter'],
        storage: { type: 'obs', source: '/bucket/directory/' },
        autoStop: { afterSeconds: 3600, basis: 'running' },
        providerOptions: {
          modelarts: {
            aiProjectId: 'default-ai-project',
            annotations: { key: 'value' },
            autoStopPrompt: false,
            extendStorage: [{ type: 'obsfs', path: '/bucket/more/' }],
            pool: { type: 'USER_DEFINED', name: 'pool', ownerProjectId: '77b6a44cba5143ab91d13ab9a8ff44fd' },
          },
        },
      }),
      alternatives: [
        (name) => ({
          name,
          image: 'Multi-Engine 1.0 (python3)-cpu',
          resources: { flavor },
          storage: { type: 'evs', sizeGiB: 5 },
        }),
      ],
      object: 'instance',
      states: {
        CREATE_QUEUING: 'provisioning',
        CREATING: 'provisioning',
        CREATE_FAILED: 'failed',
        START_QUEUING: 'starting',
        // Waits until the user starts it on free capacity.
        READY_TO_START: 'blocked',
        STARTING: 'starting',
        RESTARTING: 'starting',
        START_FAILED: 'failed',
        RUNNING: 'running',
        STOPPING: 'stopping',
        STOPPED: 'stopped',
        UNAVAILABLE: 'failed',
        // A flavor changes while the instance is stopped and unusable.
        RESIZING: 'provisioning',
        RESIZE_FAILED: 'failed',
        DELETING: 'deleting',
        DELETED: 'deleted',
      },
      operations: { create: 'instances.create', lists: ['instances.list'] },
      missingId: () => 'DE-00000000-0000-4000-8000-000000000000',
      multiPageCount: 'a list request without a limit returns one page',
      batchedFind: true,
      unknownState: true,
    },
  },
}

/** ModelArts with the environments of the notebook API, requests with tokens of IAM. */
export const modelartsNotebooks: ProviderHarness = {
  ...common,
  variant: 'modelarts, notebooks by password',
  variantSettings: { environmentApi: 'notebooks' },
  settings,
  credentials: ({ userName = '', password = '', domainName = '' }) => ({ username: userName, password, domainName }),
  wrongFields: [
    { path: 'credentials.password', value: 'a-wrong-password', reportedField: 'credentials.password' },
    // IAM does not say which of user, password and account is wrong.
    { path: 'credentials.username', value: 'unknown', reportedField: 'credentials.password' },
    { path: 'credentials.domainName', value: 'OTC-EU-DE-00000000001000000009', reportedField: 'credentials.password' },
    { path: 'settings.projectId', value: '5d3c2b1a0f9e4d8c7b6a59483726150f', reportedField: 'settings.projectId' },
  ],
  tokens: { logins: ['iam.createToken'] },
  clockField: 'a token needs no clock',
  kinds: {
    job: trainingJobs,
    environment: {
      spec: (name) => ({
        name,
        image: 'e1a07296-22a8-4f05-8bc8-e936c8e54090',
        resources: { flavor },
        storage: { sizeGiB: 5 },
      }),
      fullSpec: (name) => ({
        name,
        description: 'all supported fields',
        image: 'e1a07296-22a8-4f05-8bc8-e936c8e54090',
        queue: 'pool-1',
        resources: { flavor },
        interfaces: ['jupyter', 'ssh'],
        storage: { type: 'EFS', source: '10.0.0.1:/', sizeGiB: 50 },
        autoStop: { afterSeconds: 3600, basis: 'idle' },
        startupScript: 'pip install numpy',
        startupScriptScope: 'all',
        providerOptions: {
          modelarts: {
            volume: { ownership: 'DEDICATED', id: 'file-system-1' },
            endpoints: [{ service: 'SSH', keyPairNames: ['KeyPair-1'], allowedAccessIps: ['10.0.0.2'] }],
          },
        },
      }),
      alternatives: [
        (name) => ({
          name,
          image: 'e1a07296-22a8-4f05-8bc8-e936c8e54090',
          resources: { flavor },
          storage: { type: 'EVS', sizeGiB: 10 },
          autoStop: { afterSeconds: 7200, basis: 'running' },
        }),
        (name) => ({
          name,
          image: 'e1a07296-22a8-4f05-8bc8-e936c8e54090',
          resources: { flavor },
          storage: { type: 'OBS', source: 'obs://bucket/directory/' },
          providerOptions: { modelarts: { volume: { dewSecretName: 'keys-to-the-bucket' } } },
        }),
        (name) => ({
          name,
          image: 'e1a07296-22a8-4f05-8bc8-e936c8e54090',
          resources: { flavor },
          storage: { type: 'OBSFS', source: 'obs://file-system/directory/' },
        }),
      ],
      object: 'notebook',
      states: {
        INIT: 'provisioning',
        CREATING: 'provisioning',
        CREATE_FAILED: 'failed',
        STARTING: 'starting',
        START_FAILED: 'failed',
        RUNNING: 'running',
        SNAPSHOTTING: 'running',
        STOPPING: 'stopping',
        STOPPED: 'stopped',
        FROZEN: 'blocked',
        ERROR: 'failed',
        DELETING: 'deleting',
        DELETE_FAILED: 'failed',
        DELETED: 'deleted',
      },
      operations: { create: 'notebooks.create', lists: ['notebooks.list'] },
      missingId: () => '00000000-0000-4000-8000-000000000000',
      multiPageCount: 51,
      batchedFind: true,
      unknownState: true,
    },
  },
}

export const harnesses = [modelartsDemanager, modelartsNotebooks]
