import type { JsonObject } from '../../vocabulary/json.ts'
import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { tagName } from '../kit/correlation-tags.ts'
import { nameLength, podAccepts, podErrors } from './fields.ts'
import { annotationsOf } from './job-mapping.ts'
import { managedBy, tagLabel } from './objects.ts'
import { podSpecOf } from './pod-template.ts'
import { type KubernetesSettings, objectName } from './settings.ts'

/** A label of pods consists of the name and a hash of ten characters, and has at most 63. */
const maxSetName = 63 - '-0123456789'.length

const volumeName = 'storage'

export function environmentAccepts(settings: KubernetesSettings): Accepts {
  const claim = 'spec.volumeClaimTemplates[].spec'
  return {
    ...podAccepts(settings),
    name: {
      to: 'metadata.name',
      // The Service has the same name, which begins with a letter (RFC 1035).
      pattern: '^[a-z][a-z0-9-]*$',
      maxLength: nameLength(maxSetName),
      note: 'a letter first, then lower-case letters, digits and hyphens; part of the host name',
    },
    ports: {
      to: 'containers[].ports',
      note: 'also those of a Service; `http` ports get a host if the connection has one',
    },
    'ports.port': { to: 'containers[].ports[].containerPort' },
    'ports.protocol': { to: '', values: ['tcp', 'http'], note: 'decides about addresses' },
    storage: { to: claim, note: `mounted at ${settings.storagePath}` },
    'storage.sizeGiB': {
      to: `${claim}.resources.requests[storage]`,
      note: 'a new claim, deleted with the environment',
    },
    'storage.type': { to: `${claim}.storageClassName`, note: 'a storage class; default: that of the cluster' },
    'storage.source': {
      to: 'volumes[].persistentVolumeClaim.claimName',
      ...objectName,
      note: 'an existing claim, which stays; excludes `sizeGiB` and `type`',
    },
    autoStop: { to: '', note: 'Switchyard stops the environment' },
    'autoStop.afterSeconds': { to: '' },
    'autoStop.basis': { to: '', values: ['running'] },
  }
}

export function environmentErrors(spec: EnvironmentSpec, settings: KubernetesSettings): readonly SpecError[] {
  return [...podErrors(spec, settings), ...storageErrors(spec, settings), ...portErrors(spec)]
}

function storageErrors({ storage, mounts = [] }: EnvironmentSpec, { storagePath }: KubernetesSettings): SpecError[] {
  if (storage === undefined) return []
  const { source, sizeGiB, type } = storage
  const errors: SpecError[] = []
  if ((source === undefined) === (sizeGiB === undefined)) {
    const detail = 'Send either `sizeGiB`, for a new claim, or `source`, the name of an existing one.'
    errors.push({ pointer: '/storage', detail })
  }
  if (source !== undefined && type !== undefined) {
    const detail = 'An existing claim has its storage class already. Remove `type`.'
    errors.push({ pointer: '/storage/type', detail })
  }
  const taken = mounts.findIndex(({ path }) => path === storagePath)
  if (taken < 0) return errors
  return [...errors, { pointer: `/mounts/${taken}/path`, detail: `${storagePath} is the path of \`storage\`.` }]
}

function portErrors({ ports = [] }: EnvironmentSpec): SpecError[] {
  return ports.flatMap(({ port }, index) => {
    if (ports.findIndex((each) => each.port === port) === index) return []
    return [{ pointer: `/ports/${index}/port`, detail: `Port ${port} is given twice. Remove one.` }]
  })
}

export function setNameOf({ spec, correlationTag }: Pick<Intent<'environment'>, 'spec' | 'correlationTag'>): string {
  return tagName(spec.name, correlationTag)
}

/** The StatefulSet of an intent: one pod, which is stopped by `replicas: 0`. Pure. */
export function setOf(
  intent: Pick<Intent<'environment'>, 'spec' | 'correlationTag'>,
  settings: KubernetesSettings,
): JsonObject {
  const { spec, correlationTag } = intent
  const name = setNameOf(intent)
  const labels = { ...managedBy, [tagLabel]: correlationTag }
  const { template, volumes } = storageOf(spec, settings)
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, labels, ...annotationsOf(spec.description) },
    spec: {
      replicas: 1,
      serviceName: name,
      selector: { matchLabels: { [tagLabel]: correlationTag } },
      ...template,
      template: { metadata: { labels }, spec: podSpecOf(spec, settings, volumes) },
    },
  }
}

function storageOf({ storage }: EnvironmentSpec, { storagePath: mountPath }: KubernetesSettings) {
  const mounts = [{ name: volumeName, mountPath }]
  if (storage === undefined) return { template: {}, volumes: [] }
  const { source: claimName, sizeGiB, type } = storage
  if (claimName !== undefined) {
    return { template: {}, volumes: [{ volume: { name: volumeName, persistentVolumeClaim: { claimName } }, mounts }] }
  }
  const requests = { storage: `${sizeGiB ?? 1}Gi` }
  const claim = {
    accessModes: ['ReadWriteOnce'],
    ...(type === undefined ? {} : { storageClassName: type }),
    resources: { requests },
  }
  const template = {
    volumeClaimTemplates: [{ metadata: { name: volumeName }, spec: claim }],
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
  }
  return { template, volumes: [{ volume: null, mounts }] }
}
