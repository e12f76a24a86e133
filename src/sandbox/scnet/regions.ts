/** A group of identical machines, with the limits of one instance. */
export interface ResourceGroup {
  readonly resourceGroup: string
  readonly acceleratorType: string
  readonly cpuNumber: number
  readonly gpuNumber: number
  /** MB. */
  readonly memorySize: number
  readonly nodeNumber: number
}

/** A computing centre. */
export interface Region {
  readonly id: string
  readonly name: string
  /** The id of its one scheduler: `strJobManagerID`. */
  readonly schedulerId: number
  readonly queues: readonly { readonly queueName: string; readonly queFreeNcpus: number }[]
  readonly groups: readonly ResourceGroup[]
}

/** The platform's entry in the list of tokens; it is not a region. */
export const platform = { id: '0', name: 'ac' } as const

const queues = [
  { queueName: 'kshcnormal', queFreeNcpus: 4096 },
  { queueName: 'kshctest', queFreeNcpus: 64 },
  { queueName: 'dcu', queFreeNcpus: 512 },
] as const

const groups: readonly ResourceGroup[] = [
  { resourceGroup: 'TeslaM40', acceleratorType: 'gpu', ...limits(32, 8, 262_144, 4) },
  { resourceGroup: 'Z100L', acceleratorType: 'dcu', ...limits(32, 4, 131_072, 16) },
  { resourceGroup: 'MLU270', acceleratorType: 'mlu', ...limits(16, 4, 65_536, 2) },
  { resourceGroup: 'CPU', acceleratorType: 'cpu', ...limits(64, 0, 262_144, 16) },
]

/** The regions of every account. The first has the id of the documented sample. */
export const regions: readonly Region[] = [
  { id: '11112', name: '华东一区【昆山】', schedulerId: 1638523853, queues, groups },
  { id: '11276', name: '西北一区【西安】', schedulerId: 1613636404, queues, groups },
  { id: '10867', name: '山东一区【青岛】', schedulerId: 1633849010, queues, groups },
]

/** One host of a region's services, as in their URLs; the disabled one does not work. */
export interface Site {
  readonly region: Region
  /** Whether it is the second URL, whose reads lag. */
  readonly isLate: boolean
}

export function siteOf(name: string): Site | null {
  const region = regions.find(({ id }) => name === id || name === `${id}-b`)
  return region === undefined ? null : { region, isLate: name.endsWith('-b') }
}

function limits(cpuNumber: number, gpuNumber: number, memorySize: number, nodeNumber: number) {
  return { cpuNumber, gpuNumber, memorySize, nodeNumber }
}
