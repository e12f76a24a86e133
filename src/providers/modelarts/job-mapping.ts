import type { JobSpec } from '../../vocabulary/spec.ts'
import type { Accepts } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { nameTagLength, tagName } from '../kit/correlation-tags.ts'
import { isObject, readList, readObject, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { quoteCommand } from '../kit/shell.ts'
import { namePattern, tagLength } from './instance-mapping.ts'
import { sizeAccepts } from './job-defaults.ts'
import { optionsOf } from './options.ts'
import type { ModelartsSettings } from './settings.ts'
import type { CreateTrainingJob, TrainingAlgorithm, TrainingChannel, TrainingEngine, TrainingVolume } from './wire.ts'

const maxNameLength = 64
export const datasetSource = /^dataset:([^/]+)\/([^/]+)$/
const mountSource = /^(nfs|pfs|obs):(.+)$/s

/** Source: the create of a training job (CreateTrainingJob). */
const accepted: Accepts = {
  name: {
    to: 'metadata.name',
    pattern: namePattern,
    maxLength: maxNameLength - nameTagLength(tagLength),
    note: 'letters, digits, hyphens and underscores; a correlation tag is appended',
  },
  description: { to: 'metadata.description', maxLength: 256, mutable: true },
  image: { to: 'algorithm.engine.image_url', note: 'an image in SWR, `organization/image:tag`' },
  command: { to: 'algorithm.command', note: 'quoted into one line of shell' },
  script: { to: 'algorithm.command', note: 'sent unchanged' },
  environmentVariables: { to: 'algorithm.environments', pattern: '^[^$]*$', note: 'no `$` in a value' },
  workingDirectory: { to: 'algorithm.working_dir' },
  queue: { to: 'spec.resource.pool_id', note: 'a dedicated resource pool' },
  'resources.flavor': { to: 'spec.resource.flavor_id', note: 'optional only with a dedicated pool or `jobFlavors`' },
  'resources.nodes': { to: 'spec.resource.node_count', default: 1 },
  inputs: { to: 'algorithm.inputs' },
  'inputs.name': { to: 'algorithm.inputs[].name', required: true },
  'inputs.source': {
    to: 'algorithm.inputs[].remote',
    note: 'an OBS path (remote.obs.obs_url), or `dataset:<id>/<version id>` (remote.dataset)',
  },
  'inputs.path': { to: 'algorithm.inputs[].local_dir' },
  outputs: { to: 'algorithm.outputs' },
  'outputs.name': { to: 'algorithm.outputs[].name', required: true },
  'outputs.destination': { to: 'algorithm.outputs[].remote.obs.obs_url', note: 'an OBS path' },
  'outputs.path': { to: 'algorithm.outputs[].local_dir' },
  mounts: { to: 'spec.volumes' },
  'mounts.source': {
    to: 'spec.volumes[].nfs.nfs_server_path, .pfs.pfs_path, .obs.obs_path',
    pattern: '^(nfs|pfs|obs):.+',
    note: '`nfs:<server>:<path>`, `pfs:<path>` or `obs:<path>`',
  },
  'mounts.path': { to: 'spec.volumes[].*.local_path' },
  'mounts.readOnly': { to: 'spec.volumes[].nfs.read_only', note: 'true only for nfs' },
  timeLimitSeconds: { to: 'spec.auto_stop', note: 'in hours, rounded up; Switchyard ends the job on time' },
}

/** Fields that a job accepts. */
export function jobAccepts(settings: Pick<ModelartsSettings, 'defaultImage' | 'jobFlavors'>): Accepts {
  const { image } = accepted
  const { defaultImage } = settings
  const note = `an image in SWR; without one and without an algorithm, ${defaultImage}`
  return {
    ...accepted,
    ...sizeAccepts(settings),
    ...(image === undefined || defaultImage === undefined ? {} : { image: { ...image, note } }),
  }
}

/** The body of the create. */
export function trainingJobOf(
  { spec, correlationTag }: Pick<Intent<'job'>, 'spec' | 'correlationTag'>,
  workspaceId: string,
): CreateTrainingJob {
  const options = optionsOf(spec)
  const logPath = readText(options, 'logPath')
  const { annotations } = options
  return {
    kind: 'job',
    metadata: {
      name: tagName(spec.name, correlationTag),
      ...given({ description: spec.description }),
      workspace_id: workspaceId,
      ...(isObject(annotations) ? { annotations } : {}),
    },
    algorithm: algorithmOf(spec),
    spec: {
      resource: {
        ...given({ flavor_id: spec.resources?.flavor }),
        node_count: spec.resources?.nodes ?? 1,
        ...given({ pool_id: spec.queue }),
      },
      ...(spec.mounts === undefined ? {} : { volumes: spec.mounts.map(volumeOf) }),
      ...(logPath === undefined ? {} : { log_export_path: { obs_url: logPath } }),
      ...(spec.timeLimitSeconds === undefined ? {} : { auto_stop: autoStopOf(spec.timeLimitSeconds) }),
    },
  }
}

function algorithmOf(spec: JobSpec): TrainingAlgorithm {
  const options = optionsOf(spec)
  const algorithm = readObject(options, 'algorithm')
  const parameters = readList(options, 'parameters').map((each) => ({
    name: readText(each, 'name') ?? '',
    value: readText(each, 'value') ?? '',
  }))
  return given({
    id: readText(algorithm, 'id'),
    subscription_id: readText(algorithm, 'subscriptionId'),
    item_version_id: readText(algorithm, 'itemVersionId'),
    code_dir: readText(algorithm, 'codeDir'),
    boot_file: readText(algorithm, 'bootFile'),
    engine: engineOf(spec),
    local_code_dir: readText(algorithm, 'localCodeDir'),
    working_dir: spec.workingDirectory,
    command: spec.command === undefined ? spec.script : quoteCommand(spec.command),
    parameters: parameters.length === 0 ? undefined : parameters,
    inputs: spec.inputs?.map(inputOf),
    outputs: spec.outputs?.map(outputOf),
    environments: spec.environmentVariables === undefined ? undefined : { ...spec.environmentVariables },
  })
}

function engineOf(spec: JobSpec): TrainingEngine | undefined {
  const engine = readObject(optionsOf(spec), 'engine')
  const fields: TrainingEngine = given({
    engine_id: readText(engine, 'id'),
    engine_name: readText(engine, 'name'),
    engine_version: readText(engine, 'version'),
    image_url: spec.image,
  })
  return Object.keys(fields).length === 0 ? undefined : fields
}

type Input = NonNullable<JobSpec['inputs']>[number]
type Output = NonNullable<JobSpec['outputs']>[number]
type Mount = NonNullable<JobSpec['mounts']>[number]

function inputOf({ name = '', source, path }: Input): TrainingChannel {
  const [, id, version] = datasetSource.exec(source) ?? []
  const isDataset = id !== undefined && version !== undefined
  const remote = isDataset ? { dataset: { id, version_id: version } } : { obs: { obs_url: source } }
  return { name, local_dir: path, remote }
}

function outputOf({ name = '', destination, path }: Output): TrainingChannel {
  return { name, local_dir: path, remote: { obs: { obs_url: destination } } }
}

function volumeOf({ source, path, readOnly = false }: Mount): TrainingVolume {
  const [, scheme, place = source] = mountSource.exec(source) ?? []
  if (scheme === 'pfs') return { pfs: { pfs_path: place, local_path: path } }
  if (scheme === 'obs') return { obs: { obs_path: place, local_path: path } }
  return { nfs: { nfs_server_path: place, local_path: path, read_only: readOnly } }
}

/** The vendor's unit is hours. */
function autoStopOf(seconds: number): { time_unit: 'HOURS'; duration: number } {
  return { time_unit: 'HOURS', duration: Math.ceil(seconds / 3600) }
}
