/** The hardware type of a flavor; kat is a line of Ascend machines. */
export type FlavorType = 'CPU' | 'GPU' | 'Ascend'

/** The hardware behind a flavor. Memory in GB. */
export interface Flavor {
  readonly id: string
  readonly type: FlavorType
  readonly cores: number
  readonly memoryGb: number
  readonly cards: number
  readonly cardName: string
  /** Maximum number of nodes per job. */
  readonly maxNodes: number
}

const v100 = { type: 'GPU', cores: 8, memoryGb: 64, cards: 1, cardName: 'GP-Vnt1', maxNodes: 4 } as const
const pool = { ...v100, maxNodes: 16 } as const

/** "For reference only. The actual flavors depend on the region." */
export const flavors: readonly Flavor[] = [
  { id: 'modelarts.vm.cpu.2u', type: 'CPU', cores: 2, memoryGb: 8, cards: 0, cardName: '', maxNodes: 1 },
  { id: 'modelarts.vm.cpu.8u', type: 'CPU', cores: 8, memoryGb: 32, cards: 0, cardName: '', maxNodes: 16 },
  { ...v100, id: 'modelarts.vm.gpu.v100' },
  { ...v100, id: 'modelarts.bm.gpu.v100NV32' },
  { ...v100, id: 'modelarts.p3.large.public' },
  {
    id: 'modelarts.kat1.xlarge',
    type: 'Ascend',
    cores: 24,
    memoryGb: 96,
    cards: 1,
    cardName: 'Ascend 910',
    maxNodes: 4,
  },
  { ...pool, id: 'modelarts.pool.visual.xlarge' },
  { ...pool, id: 'modelarts.pool.visual.2xlarge', cards: 2 },
  { ...pool, id: 'modelarts.pool.visual.4xlarge', cards: 4 },
  { ...pool, id: 'modelarts.pool.visual.8xlarge', cards: 8 },
  { ...pool, id: 'modelarts.pool.visual.16xlarge', cards: 16 },
]

/** A listed flavor, or one derived from its name. */
export function flavorOf(id: string): Flavor {
  const known = flavors.find((flavor) => flavor.id === id)
  if (known !== undefined) return known
  const type = typeByName(id)
  return { ...v100, id, type, cards: type === 'CPU' ? 0 : 1, cardName: type === 'CPU' ? '' : v100.cardName }
}

export function isKnownFlavor(id: string): boolean {
  return flavors.some((flavor) => flavor.id === id)
}

function typeByName(id: string): FlavorType {
  if (/gpu|\.p\d/i.test(id)) return 'GPU'
  return /kat|npu|ascend|snt/i.test(id) ? 'Ascend' : 'CPU'
}

/** A configuration that demanager offers. Responses contain the requested id neither as the id nor as the name. */
export interface Profile {
  readonly requestId: string
  readonly name: string
  readonly flavorType: FlavorType | null
  readonly imageName: string
}

/** The documented ids, and the one of the sample, which the table omits. */
export const profiles: readonly Profile[] = [
  {
    requestId: 'Multi-Engine 1.0 (python3)-cpu',
    name: 'Multi-Engine 1.0 (python3)',
    flavorType: 'CPU',
    imageName: 'mul-kernel-cpu-cp36',
  },
  {
    requestId: 'Multi-Engine 1.0 (python3)-gpu',
    name: 'Multi-Engine 1.0 (python3)',
    flavorType: 'GPU',
    imageName: 'mul-kernel-gpu-cuda-cp36',
  },
  {
    requestId: 'Multi-Engine 2.0 (python3)',
    name: 'Multi-Engine 2.0 (python3)',
    flavorType: null,
    imageName: 'mul-kernel-cp37',
  },
  {
    requestId: 'Ascend-Power-Engine 1.0(python3)',
    name: 'Ascend-Powered-Engine 1.0 (python3)',
    flavorType: 'Ascend',
    imageName: 'mul-kernel-d910-arm-cp37',
  },
]

/** A listed profile, or an unknown one that fits every flavor. */
export function profileOf(requestId: string): Profile {
  const known = profiles.find((profile) => profile.requestId === requestId)
  return known ?? { requestId, name: requestId, flavorType: null, imageName: 'custom' }
}

export function isKnownProfile(requestId: string): boolean {
  return profiles.some((profile) => profile.requestId === requestId)
}

/** Images for notebooks; the first is that of the documented samples. */
export const images = [
  {
    id: 'e1a07296-22a8-4f05-8bc8-e936c8e54090',
    name: 'notebook2.0-mul-kernel-cpu-cp36',
    tag: '3.3.2-release_v1',
  },
  { id: '4f1d8a77-6a53-4c5e-a0d4-8a7b13c56a02', name: 'pytorch1.8-cuda10.2-cp37', tag: '3.3.2-release_v1' },
] as const

/** The algorithm of the documented samples, which exists in every project. */
export const knownAlgorithmId = '3f5d6706-7b67-408d-8ba0-ec08048c45ed'

/**
 * Preset frameworks of training jobs.
 * https://support.huaweicloud.com/intl/en-us/api-modelarts/ShowTrainingJobEngines.html
 */
export const engines = [
  {
    engine_id: 'pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64',
    engine_name: 'PyTorch',
    engine_version: 'pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64',
    v1_compatible: false,
    run_user: '1102',
    image_info: {
      cpu_image_url: 'aip/pytorch_1_8:train',
      gpu_image_url: 'aip/pytorch_1_8:train',
      image_version: 'pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64-20220926104358',
    },
  },
  {
    engine_id: 'tensorflow_2.1.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64',
    engine_name: 'TensorFlow',
    engine_version: 'tensorflow_2.1.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64',
    v1_compatible: false,
    run_user: '1102',
    image_info: {
      cpu_image_url: 'aip/tensorflow_2_1:train',
      gpu_image_url: 'aip/tensorflow_2_1:train',
      image_version: 'tensorflow_2.1.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64-20210912152543',
    },
  },
] as const
