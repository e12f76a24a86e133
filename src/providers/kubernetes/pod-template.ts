import type { JsonObject } from '../../vocabulary/json.ts'
import type { Spec } from '../../vocabulary/kinds.ts'
import { given } from '../kit/given.ts'
import { optionsOf } from './options.ts'
import { programOf, withoutExpansion } from './program.ts'
import type { KubernetesSettings } from './settings.ts'

/** Name of the only container of a pod. */
export const containerName = 'main'
/** Label of nodes with their machine type, set by cloud providers. */
export const flavorLabel = 'node.kubernetes.io/instance-type'

export interface Volume {
  /** Null for the claim template of a StatefulSet, which is a volume of its pods. */
  volume: JsonObject | null
  mounts: readonly JsonObject[]
}

/** The specification of a pod that both kinds share. Pure. */
export function podSpecOf(spec: Spec, settings: KubernetesSettings, more: readonly Volume[] = []): JsonObject {
  const options = optionsOf(spec)
  const volumes = [...claimsOf(spec), ...sharedMemoryOf(options.sharedMemoryMiB), ...more]
  const declared = volumes.flatMap(({ volume }) => volume ?? [])
  const selector = nodeSelectorOf(spec, settings)
  const tolerations = [...settings.tolerations, ...(options.tolerations ?? [])].map(tolerationOf)
  return {
    // Without it the pod could call the API server with the rights of its service account.
    automountServiceAccountToken: false,
    // Without it, pods get variables of all services of the namespace.
    enableServiceLinks: false,
    ...(settings.hostNetwork ? { hostNetwork: true } : {}),
    ...given({ serviceAccountName: settings.serviceAccount, priorityClassName: options.priorityClass }),
    ...(settings.imagePullSecret === undefined ? {} : { imagePullSecrets: [{ name: settings.imagePullSecret }] }),
    ...(Object.keys(selector).length === 0 ? {} : { nodeSelector: selector }),
    ...(tolerations.length === 0 ? {} : { tolerations }),
    containers: [containerOf(spec, settings, volumes)],
    ...(declared.length === 0 ? {} : { volumes: declared }),
  }
}

function containerOf(spec: Spec, settings: KubernetesSettings, volumes: readonly Volume[]): JsonObject {
  const { image, workingDirectory: workingDir, environmentVariables = {}, ports = [] } = spec
  const { imagePullPolicy } = optionsOf(spec)
  const env = Object.entries(environmentVariables).map(([name, value]) => ({ name, value: withoutExpansion(value) }))
  const resources = resourcesOf(spec, settings)
  const volumeMounts = volumes.flatMap(({ mounts }) => mounts)
  return {
    name: containerName,
    image: image ?? settings.defaultImage ?? '',
    ...given({ imagePullPolicy, command: programOf(spec), workingDir }),
    ...(env.length === 0 ? {} : { env }),
    ...(ports.length === 0 ? {} : { ports: ports.map(({ port: containerPort }) => ({ containerPort })) }),
    ...(Object.keys(resources).length === 0 ? {} : { resources: { limits: resources, requests: resources } }),
    ...(volumeMounts.length === 0 ? {} : { volumeMounts }),
  }
}

/** Requests equal limits, so all resources of a pod are reserved. */
function resourcesOf({ resources = {} }: Spec, { acceleratorResources }: KubernetesSettings): JsonObject {
  const { cpus, memoryMiB, accelerator } = resources
  const name = acceleratorResources[accelerator?.kind ?? 'gpu']
  return {
    ...given({
      cpu: cpus === undefined ? undefined : String(cpus),
      memory: memoryMiB === undefined ? undefined : `${memoryMiB}Mi`,
    }),
    ...(accelerator === undefined || name === undefined ? {} : { [name]: String(accelerator.count) }),
  }
}

function nodeSelectorOf(spec: Spec, settings: KubernetesSettings): Record<string, string> {
  const { flavor, accelerator } = spec.resources ?? {}
  return {
    ...pairsOf(settings.nodeSelector),
    ...pairsOf(optionsOf(spec).nodeSelector ?? []),
    ...(flavor === undefined ? {} : { [flavorLabel]: flavor }),
    ...(accelerator?.model === undefined ? {} : { [settings.acceleratorModelLabel]: accelerator.model }),
  }
}

/** `key=value` items as a map. */
export function pairsOf(items: readonly string[]): Record<string, string> {
  return Object.fromEntries(items.map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]))
}

function tolerationOf(item: string): JsonObject {
  const [, taint = '', effect] = /^([^:]*)(?::(.*))?$/.exec(item) ?? []
  const [key = '', value] = taint.split('=')
  const match = value === undefined ? { key, operator: 'Exists' } : { key, operator: 'Equal', value }
  return { ...match, ...given({ effect }) }
}

/** One volume per claim; a source `claim/directory` mounts a directory of it. */
function claimsOf({ mounts = [] }: Spec): readonly Volume[] {
  const claims = [...new Set(mounts.map(({ source }) => claimOf(source).claim))]
  return claims.map((claimName, index) => {
    const name = `claim-${index}`
    const ofClaim = mounts.filter(({ source }) => claimOf(source).claim === claimName)
    return {
      volume: { name, persistentVolumeClaim: { claimName } },
      mounts: ofClaim.map(({ source, path: mountPath, readOnly }) => ({
        name,
        mountPath,
        ...given({ subPath: claimOf(source).subPath }),
        ...(readOnly === true ? { readOnly: true } : {}),
      })),
    }
  })
}

function claimOf(source: string): { claim: string; subPath?: string } {
  const [claim = '', ...rest] = source.split('/')
  return rest.length === 0 ? { claim } : { claim, subPath: rest.join('/') }
}

function sharedMemoryOf(sizeMiB: number | undefined): readonly Volume[] {
  if (sizeMiB === undefined) return []
  const name = 'shared-memory'
  const volume = { name, emptyDir: { medium: 'Memory', sizeLimit: `${sizeMiB}Mi` } }
  return [{ volume, mounts: [{ name, mountPath: '/dev/shm' }] }]
}
