import type { JobSpec } from '../../vocabulary/spec.ts'
import type { Accepts, FieldRule, SpecError } from '../field-rule.ts'
import { readObject } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { optionsOf } from './options.ts'
import type { ModelartsSettings } from './settings.ts'

/** Defaults of the connection for jobs. */
type Defaults = Pick<ModelartsSettings, 'defaultImage' | 'jobFlavors'>
type Flavor = NonNullable<Defaults['jobFlavors']>[number]

/** Sizes are flavors at ModelArts, so other fields of `resources` require the flavors of the connection. */
export function sizeAccepts({ jobFlavors = [] }: Defaults): Accepts {
  if (jobFlavors.length === 0) return {}
  const rule: FieldRule = { to: 'spec.resource.flavor_id', note: 'the first of `jobFlavors` that has as much' }
  const kinds = [...new Set(jobFlavors.flatMap(({ accelerator }) => accelerator?.kind ?? []))]
  return {
    'resources.flavor': {
      to: rule.to,
      note: 'default: the first of `jobFlavors` that has the resources',
    },
    'resources.cpus': rule,
    'resources.memoryMiB': rule,
    ...(kinds.length === 0
      ? {}
      : {
          'resources.accelerator': rule,
          'resources.accelerator.kind': { ...rule, values: kinds },
          'resources.accelerator.model': rule,
          'resources.accelerator.count': rule,
        }),
  }
}

/** The job with the default image and flavor of the connection. */
export function withConnectionDefaults(spec: JobSpec, { defaultImage, jobFlavors = [] }: Defaults): JobSpec {
  const image = spec.image ?? (hasAlgorithm(spec) ? undefined : defaultImage)
  const flavor = needsFlavor(spec) ? jobFlavors.find((each) => fits(each, spec))?.id : undefined
  return {
    ...spec,
    ...given({ image }),
    ...(flavor === undefined ? {} : { resources: { ...spec.resources, flavor } }),
  }
}

/**
 * A request that exceeds every flavor of the connection. A flavor together with a size is rejected for every provider.
 */
export function sizeErrors(spec: JobSpec, { jobFlavors = [] }: Defaults): readonly SpecError[] {
  if (spec.resources?.flavor !== undefined || !isSized(spec)) return []
  if (jobFlavors.length === 0 || jobFlavors.some((each) => fits(each, spec))) return []
  const ids = jobFlavors.map(({ id }) => id).join(', ')
  const detail = `None of the connection's \`jobFlavors\` has as much: ${ids}. Request less, or send \`resources.flavor\` instead.`
  return [{ pointer: '/resources', detail }]
}

function hasAlgorithm(spec: JobSpec): boolean {
  const options = optionsOf(spec)
  return ['algorithm', 'engine'].some((name) => Object.keys(readObject(options, name)).length > 0)
}

/** A dedicated pool requires no flavor. */
function needsFlavor(spec: JobSpec): boolean {
  return spec.resources?.flavor === undefined && (isSized(spec) || spec.queue === undefined)
}

function isSized({ resources: { cpus, memoryMiB, accelerator } = {} }: JobSpec): boolean {
  return cpus !== undefined || memoryMiB !== undefined || accelerator !== undefined
}

/** Flavors with accelerators are left to jobs that request them. */
function fits(flavor: Flavor, { resources: { cpus = 0, memoryMiB = 0, accelerator } = {} }: JobSpec): boolean {
  if (flavor.cpus < cpus || flavor.memoryMiB < memoryMiB) return false
  const { accelerator: has } = flavor
  if (accelerator === undefined || has === undefined) return accelerator === has
  const { kind = 'gpu', model = has.model, count } = accelerator
  return has.kind === kind && has.model === model && has.count >= count
}
