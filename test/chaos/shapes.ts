import type { LoadParts } from './load.ts'

/** One kind of request to one provider. */
export interface RequestShape {
  provider: string
  kind: 'job' | 'environment'
  /** How many of a hundred requests are of this shape. */
  weight: number
  verbs: readonly ('cancel' | 'stop' | 'start' | 'delete')[]
  /** A job that runs in an environment of the same provider. */
  needsPool: boolean
  body(index: number, accounts: LoadParts['accounts']): object
}

const gpu = { cpus: 1, memoryMiB: 1024, accelerator: { kind: 'gpu', model: 'T4', count: 1 } }
const tensorflow = 'tensorflow:r2.3.1-py3'

export const workspace = (name: string) => ({
  provider: 'dataforest',
  name,
  image: tensorflow,
  command: ['ls'],
  queue: 'gpu',
  resources: gpu,
})
export const app = (name: string) => ({
  name,
  image: tensorflow,
  script: 'python train.py',
  queue: 'gpu',
  resources: gpu,
})

export const training = (name: string) => ({
  provider: 'modelarts',
  name,
  image: 'deep-learning/pytorch:2.1',
  script: 'python train.py',
  resources: { flavor: 'modelarts.vm.gpu.v100' },
})

const service = (name: string, { aitems }: LoadParts['accounts']) => {
  const datasetIds = {
    user: aitems.userDatasetId,
    item: aitems.itemDatasetId,
    interaction: aitems.interactionDatasetId,
  }
  return { provider: 'aitems', name, providerOptions: { aitems: { serviceType: 'batch', datasetIds } } }
}

const job = { kind: 'job', verbs: ['cancel'], needsPool: false } as const
const environment = { kind: 'environment', verbs: ['stop', 'start', 'delete'], needsPool: false } as const

export const shapes: readonly RequestShape[] = [
  { ...job, provider: 'dataforest', weight: 26, needsPool: true, body: (index) => app(`train-${index}`) },
  { ...environment, provider: 'dataforest', weight: 8, verbs: ['delete'], body: (index) => workspace(`ws-${index}`) },
  {
    ...job,
    provider: 'modelarts',
    weight: 16,
    body: (index) => training(`train-${index}`),
  },
  {
    ...environment,
    provider: 'modelarts',
    weight: 10,
    body: (index) => ({
      provider: 'modelarts',
      name: `notebook-${index}`,
      image: 'Ascend-Power-Engine 1.0(python3)',
      resources: { flavor: 'modelarts.kat1.xlarge' },
      storage: { type: 'obs', source: '/aaaaaaaaa/output/' },
      providerOptions: { modelarts: { workspaceId: '0' } },
    }),
  },
  {
    ...job,
    provider: 'scnet',
    weight: 14,
    body: (index) => ({
      provider: 'scnet',
      name: `hello-${index}`,
      script: 'echo hello',
      resources: { cpus: 1 },
      timeLimitSeconds: 3600,
    }),
  },
  {
    ...environment,
    provider: 'scnet',
    weight: 6,
    body: (index) => ({
      provider: 'scnet',
      name: `Instances_${index}`,
      image: '10.0.35.26:5000/gpu/admin/base/jupyter:4.4-py3.7-cpu',
      queue: 'TeslaM40',
      resources: { cpus: 3, memoryMiB: 15360, accelerator: { kind: 'gpu', count: 1 } },
    }),
  },
  {
    ...job,
    provider: 'slurm',
    weight: 10,
    body: (index) => ({ provider: 'slurm', name: `sleep-${index}`, script: 'sleep 1\nexit 0\n' }),
  },
  {
    ...environment,
    provider: 'jupyterhub',
    weight: 6,
    body: (index) => ({ provider: 'jupyterhub', name: `lab-${index}` }),
  },
  {
    ...environment,
    provider: 'aitems',
    weight: 3,
    verbs: ['delete'],
    body: (index, accounts) => service(`svc${index}`, accounts),
  },
  {
    ...job,
    provider: 'aitems',
    weight: 5,
    verbs: [],
    needsPool: true,
    body: (index) => ({ name: `nightly-${index}`, providerOptions: { aitems: { types: ['pop'] } } }),
  },
]

/** A long-lived environment that jobs of the provider run in. */
export function poolEnvironment(provider: string, index: number, accounts: LoadParts['accounts']): object {
  return provider === 'aitems' ? service(`pool${index}`, accounts) : workspace(`pool-${index}`)
}
