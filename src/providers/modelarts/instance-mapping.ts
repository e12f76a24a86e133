import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { nameTagLength, tagName } from '../kit/correlation-tags.ts'
import { isObject, readFlag, readList, readObject, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { foreignOptions, optionsOf } from './options.ts'
import type { CreateInstance, InstanceAutoStop, InstanceStorage } from './wire.ts'

/** The correlation tag is at the end of the name. */
export const tagLength = 10
const maxNameLength = 64

export const namePattern = '^[A-Za-z0-9_-]+$'
export const descriptionPattern = '^[^&<>"\'/]*$'

/** Sources: the create and the update of development environment instances (modelarts_03_0110, modelarts_03_0113). */
export const instanceAccepts: Accepts = {
  name: {
    to: 'name',
    pattern: namePattern,
    maxLength: maxNameLength - nameTagLength(tagLength),
    note: 'letters, digits, hyphens and underscores; a correlation tag is appended',
  },
  description: { to: 'description', maxLength: 512, pattern: descriptionPattern, default: '', mutable: true },
  image: {
    to: 'profile_id',
    required: true,
    note: 'a configuration of the region, such as `Multi-Engine 1.0 (python3)-gpu`',
  },
  queue: { to: 'pool.id', note: 'a dedicated resource pool' },
  'resources.flavor': { to: 'flavor', required: true },
  interfaces: { to: '', values: ['jupyter'], note: 'always Jupyter' },
  storage: { to: 'spec.storage', required: true },
  'storage.type': {
    to: 'spec.storage.type',
    values: ['obs', 'evs'],
    default: 'obs',
    note: 'evs is documented for some regions only',
  },
  'storage.source': {
    to: 'spec.storage.location.path',
    note: 'a directory in a bucket, `/bucket/directory/`; only obs',
  },
  'storage.sizeGiB': { to: 'spec.storage.location.volume_size', note: 'only evs' },
  autoStop: { to: 'spec.auto_stop', mutable: true },
  'autoStop.afterSeconds': { to: 'spec.auto_stop.duration', minimum: 3600, maximum: 86_400, mutable: true },
  'autoStop.basis': { to: '', values: ['running'] },
}

export function instanceErrors(spec: EnvironmentSpec): readonly SpecError[] {
  return [...storageErrors(spec), ...poolErrors(spec), ...optionErrors(spec, 'demanager')]
}

/** A pool requires an id. */
function poolErrors(spec: EnvironmentSpec): readonly SpecError[] {
  if (spec.queue !== undefined || optionsOf(spec).pool === undefined) return []
  const detail = 'providerOptions.modelarts.pool requires `queue`, the name of the dedicated pool.'
  return [{ pointer: '/queue', detail }]
}

/** Rejects options that are documented only for the other API. */
export function optionErrors(spec: EnvironmentSpec, api: 'demanager' | 'notebooks'): readonly SpecError[] {
  const options = optionsOf(spec)
  const foreign = foreignOptions[api].filter((name) => options[name] !== undefined)
  return foreign.map((name) => ({
    pointer: `/providerOptions/modelarts/${name}`,
    detail: `This connection uses the ${api} API, which has no ${name}.`,
  }))
}

/** ModelArts.6317, 6318, 6358: the path is mandatory, ends with a slash and is not the root of a bucket. */
function storageErrors({ storage = {} }: EnvironmentSpec): readonly SpecError[] {
  const { type = 'obs', source, sizeGiB } = storage
  if (type === 'evs') {
    if (sizeGiB === undefined) return [{ pointer: '/storage/sizeGiB', detail: 'Storage of type evs requires a size.' }]
    return source === undefined ? [] : [{ pointer: '/storage/source', detail: 'Storage of type evs has no source.' }]
  }
  if (sizeGiB !== undefined) return [{ pointer: '/storage/sizeGiB', detail: 'Storage of type obs has no size.' }]
  if (source !== undefined && /^(obs:\/)?\/[^/]+\/.*[^/]\/$/.test(source)) return []
  const was = source === undefined ? 'nothing' : `"${source}"`
  const detail = `Storage of type obs requires a directory in a bucket that ends with a slash, such as /bucket/directory/; received ${was}.`
  return [{ pointer: '/storage/source', detail }]
}

/** The body of the create. */
export function instanceOf(
  { spec, correlationTag }: Pick<Intent<'environment'>, 'spec' | 'correlationTag'>,
  workspaceId: string,
): CreateInstance {
  const options = optionsOf(spec)
  const aiProjectId = readText(options, 'aiProjectId')
  const extendStorage = readList(options, 'extendStorage')
  const { annotations } = options
  return {
    name: tagName(spec.name, correlationTag),
    description: spec.description ?? '',
    profile_id: spec.image ?? '',
    flavor: spec.resources?.flavor ?? '',
    spec: {
      storage: storageOf(spec),
      auto_stop: autoStopOf(spec),
      ...(extendStorage.length === 0 ? {} : { extend_storage: extendStorage.map(extendStorageOf) }),
      ...(isObject(annotations) ? { annotations } : {}),
    },
    workspace: { id: workspaceId },
    ...(spec.queue === undefined ? {} : { pool: poolOf(spec, spec.queue) }),
    ...(aiProjectId === undefined ? {} : { ai_project: { id: aiProjectId } }),
  }
}

/** Auto-stop in seconds; if absent, auto-stop is disabled explicitly. */
export function autoStopOf(spec: EnvironmentSpec): InstanceAutoStop {
  const { autoStop } = spec
  const prompt = given({ prompt: readFlag(optionsOf(spec), 'autoStopPrompt') })
  return autoStop === undefined
    ? { enable: false, ...prompt }
    : { enable: true, duration: autoStop.afterSeconds, ...prompt }
}

function storageOf({ storage = {} }: EnvironmentSpec): InstanceStorage {
  const { type = 'obs', source, sizeGiB } = storage
  return { location: given({ path: source, volume_size: sizeGiB }), type }
}

function extendStorageOf(item: ReturnType<typeof readList>[number]): InstanceStorage {
  return { location: given({ path: readText(item, 'path') }), type: readText(item, 'type') ?? 'obsfs' }
}

function poolOf(spec: EnvironmentSpec, id: string): NonNullable<CreateInstance['pool']> {
  const pool = readObject(optionsOf(spec), 'pool')
  const owner = readText(pool, 'ownerProjectId')
  return {
    id,
    ...given({ type: readText(pool, 'type'), name: readText(pool, 'name') }),
    ...(owner === undefined ? {} : { owner: { project_id: owner } }),
  }
}
