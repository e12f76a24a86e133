import type { Spec } from '../../vocabulary/kinds.ts'
import type { Accepts, FieldRule, SpecError } from '../field-rule.ts'
import { nameTagLength } from '../kit/correlation-tags.ts'
import { descriptionAnnotation } from './objects.ts'
import { optionsOf } from './options.ts'
import { flavorLabel, pairsOf } from './pod-template.ts'
import type { KubernetesSettings } from './settings.ts'

export const tagLength = 12

/** The length of a client's name, if the tagged name has at most this many characters. */
export const nameLength = (maxLength: number) => maxLength - nameTagLength(tagLength)

/** Fields of both kinds. */
export function podAccepts(settings: KubernetesSettings): Accepts {
  return {
    description: { to: `metadata.annotations['${descriptionAnnotation}']`, mutable: true },
    image: {
      to: 'containers[].image',
      ...(settings.defaultImage === undefined ? { required: true } : { default: settings.defaultImage }),
    },
    command: { to: 'containers[].command', note: 'replaces the entrypoint of the image' },
    script: {
      to: 'containers[].command',
      note: 'run by /bin/sh of the image; with another interpreter in its first line, as a file in /tmp',
    },
    environmentVariables: { to: 'containers[].env' },
    workingDirectory: { to: 'containers[].workingDir' },
    'resources.flavor': { to: `nodeSelector['${flavorLabel}']`, ...labelValue, note: 'machine type of the node' },
    'resources.cpus': { to: 'containers[].resources.limits[cpu]' },
    'resources.memoryMiB': { to: 'containers[].resources.limits[memory]' },
    ...acceleratorAccepts(settings),
    mounts: { to: 'containers[].volumeMounts' },
    'mounts.source': {
      to: 'volumes[].persistentVolumeClaim.claimName',
      pattern: '^[a-z0-9][a-z0-9.-]*(/[^/:]+)*$',
      note: 'a PersistentVolumeClaim of the namespace, or a directory in it: `claim/directory`',
    },
    'mounts.path': {
      to: 'containers[].volumeMounts[].mountPath',
      pattern: '^/[^:]*$',
      note: 'an absolute path without colon',
    },
    'mounts.readOnly': { to: 'containers[].volumeMounts[].readOnly' },
  }
}

const labelValue = { pattern: '^[A-Za-z0-9_.-]+$', maxLength: 63 }

function acceleratorAccepts({ acceleratorResources, acceleratorModelLabel }: KubernetesSettings): Accepts {
  const entries = Object.entries(acceleratorResources)
  if (entries.length === 0) return {}
  const rule: FieldRule = { to: entries.map(([, name]) => `containers[].resources.limits[${name}]`).join(', ') }
  return {
    'resources.accelerator': rule,
    'resources.accelerator.kind': { ...rule, values: entries.map(([kind]) => kind) },
    'resources.accelerator.count': rule,
    'resources.accelerator.model': { to: `nodeSelector['${acceleratorModelLabel}']`, ...labelValue },
  }
}

/** Errors that no field rule expresses: paths outside of a claim, and labels that the connection sets. */
export function podErrors(spec: Spec, settings: KubernetesSettings): readonly SpecError[] {
  return [...selectorErrors(spec, settings), ...mountErrors(spec)]
}

function selectorErrors(spec: Spec, settings: KubernetesSettings): readonly SpecError[] {
  const { flavor, accelerator } = spec.resources ?? {}
  const decided = new Set([
    ...Object.keys(pairsOf(settings.nodeSelector)),
    ...(flavor === undefined ? [] : [flavorLabel]),
    ...(accelerator?.model === undefined ? [] : [settings.acceleratorModelLabel]),
  ])
  const fixed = new Set(Object.keys(pairsOf(settings.nodeSelector)))
  const errors = (optionsOf(spec).nodeSelector ?? []).flatMap((item, index) => {
    const [key = ''] = item.split('=')
    if (!decided.has(key)) return []
    const detail = `The label ${key} is set by the connection or by a field of the request. Remove it here.`
    return [{ pointer: `/providerOptions/kubernetes/nodeSelector/${index}`, detail }]
  })
  if (flavor === undefined || !fixed.has(flavorLabel)) return errors
  const detail = `The connection's nodeSelector sets ${flavorLabel}. Remove \`resources.flavor\`.`
  return [...errors, { pointer: '/resources/flavor', detail }]
}

function mountErrors({ mounts = [] }: Spec): readonly SpecError[] {
  return mounts.flatMap(({ source, path }, index) => {
    const pointer = `/mounts/${index}`
    if (source.split('/').includes('..')) {
      const detail = 'A directory of a claim has no `..`. Send its path from the root of the volume.'
      return [{ pointer: `${pointer}/source`, detail }]
    }
    if (mounts.findIndex((each) => each.path === path) === index) return []
    return [{ pointer: `${pointer}/path`, detail: `${path} is the path of an earlier mount. Choose another one.` }]
  })
}
