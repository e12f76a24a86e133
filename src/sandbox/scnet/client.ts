import type { SandboxClient } from '../provider.ts'
import type { ScnetAccount } from './wire.ts'

export const client: SandboxClient<ScnetAccount> = {
  title: 'SCNet: a container instance and an HPC job',
  connection: (url, { user, clusterId, accessKey, secretKey }) => ({
    settings: { loginUrl: url, platformUrl: url, user, clusterId, defaultQueue: 'kshcnormal' },
    credentials: { accessKey, secretKey },
  }),
  environment: () => ({
    name: 'Instances_2205113838',
    description: '',
    image: '10.0.35.26:5000/gpu/admin/base/jupyter:4.4-py3.7-cpu',
    interfaces: ['ssh'],
    queue: 'TeslaM40',
    resources: { cpus: 3, memoryMiB: 15360, accelerator: { kind: 'gpu', count: 1 } },
    mounts: [{ source: '/public1/home/lizb0530d/test_mount', path: '/mnt/test_mount', type: 'data' }],
    ports: [{ port: 18888, protocol: 'http' }],
  }),
  job: () => ({
    name: 'hello',
    script: 'echo hello from the cluster',
    resources: { cpus: 1 },
    timeLimitSeconds: 3600,
  }),
}
