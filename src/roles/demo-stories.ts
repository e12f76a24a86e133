import type { Sandbox } from '../sandbox/server.ts'

/** What the demo sends: the documents' own example requests in normalized form, provider by provider. */
export interface Story {
  provider: string
  title: string
  environment: object
  /** What the environment needs before it runs: sent to PATCH once it is `blocked`. */
  unblock?: object
  /** Jobs, one after the other. */
  jobs: readonly object[]
}

/** The stories in order. Only ids that the sandbox made up are taken from it. */
export function makeStories({ accounts }: Pick<Sandbox, 'accounts'>): readonly Story[] {
  return [dataforest, aitems(accounts.aitems), modelarts, scnet]
}

const resources = { cpus: 1, memoryMiB: 1024, accelerator: { kind: 'gpu', model: 'T4', count: 1 } }

const dataforest: Story = {
  provider: 'dataforest',
  title: 'Data Forest: an AI workspace, and an AI app in it',
  environment: {
    provider: 'dataforest',
    name: 'api-test',
    description: 'test',
    image: 'tensorflow:r2.3.1-py3',
    command: ['ls'],
    workingDirectory: '/root/',
    queue: 'gpu',
    resources,
    inputs: [{ source: 'string', path: 'string' }],
    outputs: [{ destination: 'string', path: 'string', overwrite: true }],
    providerOptions: { dataforest: { configurationName: 'test', userPackageUri: 'string' } },
  },
  jobs: [
    {
      name: 'train',
      image: 'tensorflow:r2.3.1-py3',
      script: 'python train.py',
      workingDirectory: 'api-test',
      queue: 'gpu',
      resources,
      inputs: [{ source: '/user/acct/data_in', path: 'data_in' }],
      outputs: [{ destination: '/user/acct/data_out', path: 'data_out', overwrite: false }],
    },
  ],
}

const aitems = (account: Sandbox['accounts']['aitems']): Story => ({
  provider: 'aitems',
  title: 'AiTEMS: a service, its datasets bound afterwards, and a training of two types',
  environment: {
    provider: 'aitems',
    name: 'service',
    description: 'test',
    providerOptions: { aitems: { serviceType: 'batch' } },
  },
  unblock: {
    providerOptions: {
      aitems: {
        datasetIds: {
          user: account.userDatasetId,
          item: account.itemDatasetId,
          interaction: account.interactionDatasetId,
        },
      },
    },
  },
  jobs: [{ name: 'nightly', providerOptions: { aitems: { types: ['personalRecommend', 'pop'] } } }],
})

const modelarts: Story = {
  provider: 'modelarts',
  title: 'ModelArts: a development environment, and a training job beside it',
  environment: {
    provider: 'modelarts',
    name: 'notebook-d115',
    image: 'Ascend-Power-Engine 1.0(python3)',
    resources: { flavor: 'modelarts.kat1.xlarge' },
    storage: { type: 'obs', source: '/aaaaaaaaa/output/' },
    autoStop: { afterSeconds: 3600 },
    providerOptions: { modelarts: { workspaceId: '0' } },
  },
  jobs: [
    {
      provider: 'modelarts',
      name: 'train-resnet',
      image: 'deep-learning/pytorch:2.1',
      script: 'echo training; python train.py',
      resources: { flavor: 'modelarts.vm.gpu.v100' },
      inputs: [{ name: 'data_url', source: '/bucket/data/', path: '/data' }],
      outputs: [{ name: 'train_url', destination: '/bucket/out/', path: '/out' }],
    },
  ],
}

const scnet: Story = {
  provider: 'scnet',
  title: 'SCNet: a container instance, and an HPC job beside it',
  environment: {
    provider: 'scnet',
    name: 'Instances_2205113838',
    description: '',
    image: '10.0.35.26:5000/gpu/admin/base/jupyter:4.4-py3.7-cpu',
    interfaces: ['ssh'],
    queue: 'TeslaM40',
    resources: { cpus: 3, memoryMiB: 15360, accelerator: { kind: 'gpu', count: 1 } },
    mounts: [{ source: '/public1/home/lizb0530d/test_mount', path: '/mnt/test_mount', type: 'data' }],
    ports: [{ port: 18888, protocol: 'http' }],
  },
  jobs: [
    {
      provider: 'scnet',
      name: 'hello',
      script: 'echo hello from the cluster',
      resources: { cpus: 1 },
      timeLimitSeconds: 3600,
    },
  ],
}
