import type { JobSpec } from '../../vocabulary/spec.ts'
import { readObject, readText } from '../kit/fields.ts'
import type { SpecFault } from '../provider.ts'
import { datasetSource } from './job-mapping.ts'
import { optionsOf } from './options.ts'

/** What no field rule can say of a training job. */
export function jobFaults(spec: JobSpec): readonly SpecFault[] {
  return [...programFaults(spec), ...resourceFaults(spec), ...dataFaults(spec)]
}

/**
 * What runs is one of: an algorithm by id, a subscribed one, code with a boot file and an engine, an image with a
 * command. ModelArts.2806 is the last one's fault; the others are in the reference's words only.
 */
function programFaults(spec: JobSpec): readonly SpecFault[] {
  const algorithm = readObject(optionsOf(spec), 'algorithm')
  const has = (name: string) => readText(algorithm, name) !== undefined
  const where = '/providerOptions/modelarts/algorithm'
  if (has('codeDir') !== has('bootFile')) return fault(where, 'codeDir and bootFile must be sent together.')
  if (has('subscriptionId') !== has('itemVersionId')) {
    return fault(where, 'subscriptionId and itemVersionId must be sent together.')
  }
  const [form, ...others] = ['id', 'subscriptionId', 'codeDir'].filter(has)
  if (others.length > 0) {
    return fault(where, `Specify the algorithm in exactly one form. Given: ${[form, ...others].join(', ')}.`)
  }
  return form === undefined ? imageFaults(spec) : algorithmFaults(spec, form)
}

function imageFaults(spec: JobSpec): readonly SpecFault[] {
  if (spec.image === undefined) {
    return fault('/image', 'A training job requires an image with a command, or providerOptions.modelarts.algorithm.')
  }
  return hasCommand(spec) ? [] : fault('/command', 'An image requires a program: send `command` or `script`.')
}

function algorithmFaults(spec: JobSpec, form: string): readonly SpecFault[] {
  const engine = readObject(optionsOf(spec), 'engine')
  const hasEngine = spec.image !== undefined || Object.keys(engine).length > 0
  if (hasCommand(spec)) {
    const pointer = spec.command === undefined ? '/script' : '/command'
    return fault(pointer, '`command` requires an image; an algorithm is started with `parameters` instead.')
  }
  if (form === 'codeDir') {
    const detail = '`bootFile` requires an engine: send `image` or providerOptions.modelarts.engine.'
    return hasEngine ? [] : fault('/image', detail)
  }
  return hasEngine
    ? fault('/image', `An algorithm given by ${form} includes its engine: remove the image and the engine.`)
    : []
}

function hasCommand(spec: JobSpec): boolean {
  return spec.command !== undefined || spec.script !== undefined
}

function resourceFaults({ resources, queue }: JobSpec): readonly SpecFault[] {
  if (resources?.flavor !== undefined || queue !== undefined) return []
  return fault('/resources/flavor', 'A training job requires a flavor or a dedicated pool (`queue`).')
}

function dataFaults({ inputs = [], mounts = [] }: JobSpec): readonly SpecFault[] {
  const ofInputs = inputs.flatMap(({ source }, index) =>
    source.startsWith('dataset:') && !datasetSource.test(source)
      ? fault(`/inputs/${index}/source`, `A dataset has the form dataset:<id>/<version id>; received "${source}".`)
      : [],
  )
  const ofMounts = mounts.flatMap(({ source, readOnly }, index) =>
    readOnly === true && !source.startsWith('nfs:')
      ? fault(`/mounts/${index}/readOnly`, 'Only nfs can be mounted read-only.')
      : [],
  )
  return [...ofInputs, ...ofMounts]
}

function fault(pointer: string, detail: string): SpecFault[] {
  return [{ pointer, detail }]
}
