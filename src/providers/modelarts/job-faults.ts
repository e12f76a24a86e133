import type { JobSpec } from '../../vocabulary/spec.ts'
import type { SpecError } from '../field-rule.ts'
import { readObject, readText } from '../kit/fields.ts'
import { datasetSource } from './job-mapping.ts'
import { optionsOf } from './options.ts'

/** Rules between fields of a training job. */
export function jobErrors(spec: JobSpec): readonly SpecError[] {
  return [...programErrors(spec), ...resourceErrors(spec), ...dataErrors(spec)]
}

/**
 * A job runs one of: an algorithm by id, a subscribed algorithm, code with a boot file and an engine, or an image with
 * a command. Violating the last one returns ModelArts.2806; the others are described only in prose.
 */
function programErrors(spec: JobSpec): readonly SpecError[] {
  const algorithm = readObject(optionsOf(spec), 'algorithm')
  const has = (name: string) => readText(algorithm, name) !== undefined
  const where = '/providerOptions/modelarts/algorithm'
  if (has('codeDir') !== has('bootFile')) return validationError(where, 'codeDir and bootFile must be sent together.')
  if (has('subscriptionId') !== has('itemVersionId')) {
    return validationError(where, 'subscriptionId and itemVersionId must be sent together.')
  }
  const [form, ...others] = ['id', 'subscriptionId', 'codeDir'].filter(has)
  if (others.length > 0) {
    return validationError(where, `Specify the algorithm in exactly one form. Given: ${[form, ...others].join(', ')}.`)
  }
  return form === undefined ? imageErrors(spec) : algorithmErrors(spec, form)
}

function imageErrors(spec: JobSpec): readonly SpecError[] {
  if (spec.image === undefined) {
    return validationError(
      '/image',
      'A training job requires an image with a command, or providerOptions.modelarts.algorithm.',
    )
  }
  return hasCommand(spec) ? [] : validationError('/command', 'An image requires a program: send `command` or `script`.')
}

function algorithmErrors(spec: JobSpec, form: string): readonly SpecError[] {
  const engine = readObject(optionsOf(spec), 'engine')
  const hasEngine = spec.image !== undefined || Object.keys(engine).length > 0
  if (hasCommand(spec)) {
    const pointer = spec.command === undefined ? '/script' : '/command'
    return validationError(pointer, '`command` requires an image; an algorithm is started with `parameters` instead.')
  }
  if (form === 'codeDir') {
    const detail = '`bootFile` requires an engine: send `image` or providerOptions.modelarts.engine.'
    return hasEngine ? [] : validationError('/image', detail)
  }
  return hasEngine
    ? validationError('/image', `An algorithm given by ${form} includes its engine: remove the image and the engine.`)
    : []
}

function hasCommand(spec: JobSpec): boolean {
  return spec.command !== undefined || spec.script !== undefined
}

function resourceErrors({ resources, queue }: JobSpec): readonly SpecError[] {
  if (resources?.flavor !== undefined || queue !== undefined) return []
  return validationError('/resources/flavor', 'A training job requires a flavor or a dedicated pool (`queue`).')
}

function dataErrors({ inputs = [], mounts = [] }: JobSpec): readonly SpecError[] {
  const ofInputs = inputs.flatMap(({ source }, index) =>
    source.startsWith('dataset:') && !datasetSource.test(source)
      ? validationError(
          `/inputs/${index}/source`,
          `A dataset has the form dataset:<id>/<version id>; received "${source}".`,
        )
      : [],
  )
  const ofMounts = mounts.flatMap(({ source, readOnly }, index) =>
    readOnly === true && !source.startsWith('nfs:')
      ? validationError(`/mounts/${index}/readOnly`, 'Only nfs can be mounted read-only.')
      : [],
  )
  return [...ofInputs, ...ofMounts]
}

function validationError(pointer: string, detail: string): SpecError[] {
  return [{ pointer, detail }]
}
