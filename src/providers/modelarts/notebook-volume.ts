import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import type { SpecError } from '../field-rule.ts'
import { readObject, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { optionsOf } from './options.ts'
import type { CreateNotebook } from './wire.ts'

const fileSystems: ReadonlySet<string> = new Set(['EFS', 'SFS'])

const at = {
  source: '/storage/source',
  size: '/storage/sizeGiB',
  id: '/providerOptions/modelarts/volume/id',
  secret: '/providerOptions/modelarts/volume/dewSecretName',
}

/**
 * Checks which fields a category of `volume` allows. Source: VolumeMountRequest of the vendor's SDK, which is more
 * precise than the reference.
 */
export function volumeErrors(spec: EnvironmentSpec): readonly SpecError[] {
  const { category } = volumeOf(spec)
  if (fileSystems.has(category)) return fileSystemErrors(spec)
  const id = ruled(
    volumeOf(spec).id !== undefined,
    at.id,
    `Only storage of type EFS or SFS has an id; this is ${category}.`,
  )
  return [...id, ...(category === 'EVS' ? diskErrors(spec) : bucketErrors(spec))]
}

/** A dedicated file system requires an address and an id; a managed one allows neither. */
function fileSystemErrors(spec: EnvironmentSpec): readonly SpecError[] {
  const { ownership, uri, id } = volumeOf(spec)
  const isOwn = ownership === 'DEDICATED'
  return [
    ...noSecret(spec),
    ...ruled(isOwn && uri === undefined, at.source, 'A dedicated file system requires its address.'),
    ...ruled(isOwn && id === undefined, at.id, 'A dedicated file system (storage.source) requires its id.'),
    ...ruled(!isOwn && uri !== undefined, at.source, 'A managed file system has no address.'),
  ]
}

function diskErrors(spec: EnvironmentSpec): readonly SpecError[] {
  const { ownership, uri } = volumeOf(spec)
  const detail = 'Storage of type EVS is managed by ModelArts: it has no source and no owner.'
  return [...noSecret(spec), ...ruled(ownership === 'DEDICATED' || uri !== undefined, at.source, detail)]
}

function bucketErrors(spec: EnvironmentSpec): readonly SpecError[] {
  const { category, uri, capacity, dew_secret_name: secret } = volumeOf(spec)
  const was = uri === undefined ? 'nothing' : `"${uri}"`
  const rule = `Storage of type ${category} requires a directory that ends with a slash, obs://bucket/directory/; received ${was}.`
  const keys = 'Storage of type OBS requires the name of the DEW secret with the bucket keys.'
  return [
    ...ruled(!/^obs:\/\/[^/]+\/(.*\/)?$/.test(uri ?? ''), at.source, rule),
    ...ruled(capacity !== undefined, at.size, `Storage of type ${category} has no size.`),
    ...(category === 'OBS' ? ruled(secret === undefined, at.secret, keys) : noSecret(spec)),
  ]
}

function noSecret(spec: EnvironmentSpec): readonly SpecError[] {
  const { category, dew_secret_name: secret } = volumeOf(spec)
  return ruled(secret !== undefined, at.secret, `Only storage of type OBS has one; this is ${category}.`)
}

function ruled(isBroken: boolean, pointer: string, detail: string): readonly SpecError[] {
  return isBroken ? [{ pointer, detail }] : []
}

export function volumeOf(spec: EnvironmentSpec): CreateNotebook['volume'] {
  const { type = 'EVS', source, sizeGiB } = spec.storage ?? {}
  const volume = readObject(optionsOf(spec), 'volume')
  return {
    category: type,
    ownership: readText(volume, 'ownership') ?? (source === undefined ? 'MANAGED' : 'DEDICATED'),
    ...given({
      capacity: sizeGiB,
      uri: source,
      id: readText(volume, 'id'),
      dew_secret_name: readText(volume, 'dewSecretName'),
    }),
  }
}
