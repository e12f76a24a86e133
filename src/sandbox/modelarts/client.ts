import type { SandboxClient } from '../provider.ts'
import type { ModelartsAccount } from './wire.ts'

export const client: SandboxClient<ModelartsAccount> = {
  title: 'ModelArts: a development environment and a training job',
  connection: (baseUrl, { region, projectId, accessKey, secretKey }) => ({
    settings: {
      baseUrl,
      iamUrl: baseUrl,
      region,
      projectId,
      defaultImage: 'deep-learning/pytorch:2.1',
      jobFlavors: [
        { id: 'modelarts.vm.cpu.2u', cpus: 2, memoryMiB: 8192 },
        { id: 'modelarts.vm.gpu.v100', cpus: 8, memoryMiB: 65536, accelerator: { kind: 'gpu', count: 1 } },
      ],
    },
    credentials: { accessKey, secretKey },
  }),
  environment: () => ({
    name: 'notebook-d115',
    image: 'Ascend-Power-Engine 1.0(python3)',
    resources: { flavor: 'modelarts.kat1.xlarge' },
    storage: { type: 'obs', source: '/aaaaaaaaa/output/' },
    autoStop: { afterSeconds: 3600 },
    providerOptions: { modelarts: { workspaceId: '0' } },
  }),
  job: () => ({
    name: 'train-resnet',
    image: 'deep-learning/pytorch:2.1',
    script: 'echo training; python train.py',
    resources: { flavor: 'modelarts.vm.gpu.v100' },
    inputs: [{ name: 'data_url', source: '/bucket/data/', path: '/data' }],
    outputs: [{ name: 'train_url', destination: '/bucket/out/', path: '/out' }],
  }),
}
