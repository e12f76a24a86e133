import { Type } from '@sinclair/typebox'
import type { Spec } from '../../vocabulary/kinds.ts'
import { choice } from '../kit/choice.ts'
import { objectName, selectorItem, tolerationItem } from './settings.ts'

const podOptions = {
  nodeSelector: Type.Optional(
    Type.Array(selectorItem('Label that the node must have, as `key=value`.'), {
      maxItems: 16,
      description: 'Labels of the node, besides those of the connection.',
    }),
  ),
  tolerations: Type.Optional(
    Type.Array(tolerationItem, { maxItems: 16, description: 'Tolerated taints, besides those of the connection.' }),
  ),
  priorityClass: Type.Optional(
    Type.String({ ...objectName, description: 'PriorityClass of the pods.', examples: ['high'] }),
  ),
  imagePullPolicy: Type.Optional(
    choice(['Always', 'IfNotPresent', 'Never'], { description: 'When the image is pulled.' }),
  ),
  sharedMemoryMiB: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 4_194_304,
      description: 'Size of `/dev/shm` in MiB, which counts as memory. Default: that of the container runtime, 64 MiB.',
    }),
  ),
}

export const jobOptions = Type.Object(
  {
    ...podOptions,
    queuePriorityClass: Type.Optional(
      Type.String({
        ...objectName,
        description: 'WorkloadPriorityClass of Kueue. Requires `queue`.',
        examples: ['urgent'],
      }),
    ),
  },
  { additionalProperties: false },
)

export const environmentOptions = Type.Object(podOptions, { additionalProperties: false })

export interface Options {
  nodeSelector?: readonly string[]
  tolerations?: readonly string[]
  priorityClass?: string
  imagePullPolicy?: string
  sharedMemoryMiB?: number
  queuePriorityClass?: string
}

/** The options of a request, already validated against their schema. */
export function optionsOf({ providerOptions }: Pick<Spec, 'providerOptions'>): Options {
  return (providerOptions?.kubernetes ?? {}) as Options
}
