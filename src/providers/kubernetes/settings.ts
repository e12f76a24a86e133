import { type Static, Type } from '@sinclair/typebox'
import type { JsonObject } from '../../vocabulary/json.ts'
import { readStored } from '../kit/read-stored.ts'

/** Names of namespaces, and of other objects, which may contain dots. The server checks how they end (RFC 1123). */
const namespaceName = { pattern: '^[a-z0-9][a-z0-9-]*$', maxLength: 63 }
export const objectName = { pattern: '^[a-z0-9][a-z0-9.-]*$', maxLength: 253 }
const labelKey = '[A-Za-z0-9][A-Za-z0-9._/-]*'
const labelValue = '[A-Za-z0-9._-]*'
/** A prefix of 253 characters, a slash, a name and a value of 63. */
const maxLabel = 317 + 1 + 63

const named = (description: string) => Type.Optional(Type.String({ ...objectName, description, examples: ['example'] }))
const resource = (kind: string) =>
  Type.Optional(
    Type.String({
      pattern: `^${labelKey}$`,
      maxLength: 317,
      description: `Extended resource that counts accelerators of kind \`${kind}\`.`,
      examples: [`example.com/${kind}`],
    }),
  )

export const selectorItem = (description: string) =>
  Type.String({ pattern: `^${labelKey}=${labelValue}$`, maxLength: maxLabel, description, examples: ['pool=training'] })
export const tolerationItem = Type.String({
  pattern: `^${labelKey}(=${labelValue})?(:(NoSchedule|PreferNoSchedule|NoExecute))?$`,
  maxLength: maxLabel + ':PreferNoSchedule'.length,
  description: 'Tolerated taint: `key`, `key=value`, either with `:effect`.',
  examples: ['dedicated=gpu:NoSchedule'],
})

export const kubernetesSettings = Type.Object(
  {
    baseUrl: Type.String({
      pattern: '^https?://[^\\s?#]+$',
      maxLength: 512,
      description: 'URL of the API server, as `server` in a kubeconfig. A path is prepended to `/apis/…`.',
      examples: ['https://kubernetes.example.com:6443'],
    }),
    namespace: Type.String({
      ...namespaceName,
      description: 'Namespace of all objects: lower-case letters, digits and hyphens.',
      examples: ['training'],
    }),
    serviceAccount: named('Service account of pods. Its token is not mounted. Default: that of the namespace.'),
    imagePullSecret: named('Secret of the namespace with which images are pulled.'),
    defaultImage: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'Image of requests that name none.' }),
    ),
    nodeSelector: Type.Array(selectorItem('Label that nodes must have, as `key=value`.'), {
      maxItems: 16,
      default: [],
      description: 'Labels of the nodes that all pods run on.',
    }),
    tolerations: Type.Array(tolerationItem, {
      maxItems: 16,
      default: [],
      description: 'Taints that all pods tolerate.',
    }),
    acceleratorResources: Type.Object(
      { gpu: resource('gpu'), npu: resource('npu'), dcu: resource('dcu'), mlu: resource('mlu') },
      {
        additionalProperties: false,
        default: { gpu: 'nvidia.com/gpu' },
        description: 'Extended resources of the cluster by kind of accelerator. Kinds without one return 422.',
      },
    ),
    acceleratorModelLabel: Type.String({
      pattern: `^${labelKey}$`,
      maxLength: 317,
      default: 'nvidia.com/gpu.product',
      examples: ['nvidia.com/gpu.product'],
      description: 'Label of nodes that holds the model of their accelerators.',
    }),
    kueue: Type.Boolean({
      default: false,
      description: 'Whether Kueue manages jobs: `queue` then names a LocalQueue of the namespace.',
    }),
    defaultQueue: named('LocalQueue of jobs that name none. Requires `kueue`.'),
    hostNetwork: Type.Boolean({ default: false, description: 'Whether pods use the network of their node.' }),
    retentionSeconds: Type.Integer({
      minimum: 3600,
      maximum: 31_536_000,
      default: 604_800,
      description: 'How long the cluster keeps finished jobs (`ttlSecondsAfterFinished`), in seconds.',
    }),
    storagePath: Type.String({
      pattern: '^/[^:]*$',
      maxLength: 1024,
      default: '/workspace',
      examples: ['/workspace'],
      description: 'Mount path of the `storage` of environments.',
    }),
    clusterDomain: Type.String({
      ...objectName,
      default: 'cluster.local',
      examples: ['cluster.local'],
      description: 'DNS domain of the cluster, in which services have names.',
    }),
    ingressDomain: Type.Optional(
      Type.String({
        ...objectName,
        description:
          'Domain below which each environment with an `http` port has a host, through an Ingress. Its DNS entry is a wildcard to the ingress controller.',
        examples: ['apps.example.com'],
      }),
    ),
    ingressClass: named('Class of these Ingresses. Default: that of the cluster.'),
    ingressTls: Type.Boolean({
      default: false,
      description: 'Whether the ingress controller serves these hosts by https, with its default certificate.',
    }),
  },
  { additionalProperties: false },
)

export const kubernetesCredentials = Type.Object(
  {
    token: Type.Optional(
      Type.String({
        pattern: '^[!-~]+$',
        maxLength: 16_384,
        description:
          'Bearer token, as printed by `kubectl create token`. Absent if `network.clientCertificate` authenticates.',
        examples: ['header.payload.signature'],
      }),
    ),
    kubeconfig: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 65_536,
        description:
          'Kubeconfig, as printed by `kubectl config view --raw --flatten`. Taken apart when it is sent: the token, and certificates as `network`, of the context whose server is `baseUrl` are stored. Excludes `token`.',
      }),
    ),
  },
  { additionalProperties: false, maxProperties: 1 },
)

export type KubernetesSettings = Static<typeof kubernetesSettings>

export const settingsOf = (settings: JsonObject): KubernetesSettings =>
  readStored(kubernetesSettings, settings, 'settings of kubernetes')

/** Undefined if the client certificate of the connection authenticates. */
export const tokenOf = (credentials: JsonObject): string | undefined =>
  readStored(kubernetesCredentials, credentials, 'credentials of kubernetes').token
