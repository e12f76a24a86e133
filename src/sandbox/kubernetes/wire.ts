/** A service account of the cluster. */
export type KubernetesAccount = {
  readonly token: string
  /** The namespace of the account. */
  readonly namespace: string
}

/** Durations in milliseconds, and switches for variants of a cluster. */
export type KubernetesSettings = {
  listLagMs: number
  /** From the creation of a pod to the start of its container. */
  pendingMs: number
  /** Default duration of the program of a job. */
  runningMs: number
  /** How long the pods of a terminating workload take to end. */
  terminatingMs: number
  /** How long Kueue suspends a job. */
  queueMs: number
  /** Rights that the accounts lack, as `verb resource`, separated by commas: `list pods,get pods/log`. */
  deniedRights: string
  /** Whether Kueue is installed. */
  kueue: boolean
}

export type Fields = Readonly<Record<string, unknown>>

/** Metadata that a client may set. */
export interface Metadata {
  name: string
  labels?: Readonly<Record<string, string>>
  annotations?: Readonly<Record<string, string>>
  ownerReferences?: readonly { uid: string }[]
  [field: string]: unknown
}

/** The stored data of an object: the request of the create with later changes. */
export interface ObjectData {
  metadata: Metadata
  spec: Fields
  generation: number
}

/** The resources of the cluster. */
export const cluster = {
  namespaces: ['other', 'training'],
  serviceAccounts: ['default', 'trainer'],
  claims: ['datasets'],
  storageClasses: ['standard'],
  queues: ['default', 'night'],
  images: ['docker.io/library/busybox:1.36', 'registry.example.com/train:2'],
  nodes: [
    { name: 'node-a', flavor: 'c8.large', cpus: 8, memoryGi: 32, gpus: 0 },
    { name: 'node-b', flavor: 'g8.large', cpus: 8, memoryGi: 64, gpus: 4 },
  ],
} as const

/** Times have whole seconds. */
export const timeOf = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
