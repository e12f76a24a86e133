import type { SandboxClient } from '../provider.ts'
import type { DataforestAccount } from './wire.ts'

const resources = { cpus: 1, memoryMiB: 1024, accelerator: { kind: 'gpu', model: 'T4', count: 1 } }

export const client: SandboxClient<DataforestAccount> = {
  title: 'Data Forest: an AI workspace, and an AI app in it',
  connection: (baseUrl, { accountId, accessKey, secretKey }) => ({
    settings: { baseUrl, accountId },
    credentials: { accessKey, secretKey },
  }),
  environment: () => ({
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
  }),
  job: () => ({
    name: 'train',
    image: 'tensorflow:r2.3.1-py3',
    script: 'python train.py',
    workingDirectory: 'api-test',
    queue: 'gpu',
    resources,
    inputs: [{ source: '/user/acct/data_in', path: 'data_in' }],
    outputs: [{ destination: '/user/acct/data_out', path: 'data_out', overwrite: false }],
  }),
  jobNeedsEnvironment: true,
}
