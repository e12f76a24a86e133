import type { Json } from '../../vocabulary/json.ts'
import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { tagName } from '../kit/correlation-tags.ts'
import { readList, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { descriptionPattern, namePattern, optionErrors } from './instance-mapping.ts'
import { volumeErrors, volumeOf } from './notebook-volume.ts'
import { optionsOf } from './options.ts'
import type { CreateNotebook, StartQuery } from './wire.ts'

/** The reference documents neither end of the range; the vendor's SDK documents both. Milliseconds. */
export const shortestLeaseMs = 3_600_000
export const longestLeaseMs = 259_200_000

/** Sources: the create and the update of notebook instances (CreateNotebook, UpdateNotebook). */
export const notebookAccepts: Accepts = {
  name: {
    to: 'name',
    pattern: namePattern,
    maxLength: 64,
    note: 'letters, digits, hyphens and underscores; a correlation tag is appended',
  },
  description: { to: 'description', maxLength: 512, pattern: descriptionPattern, default: '', mutable: true },
  image: { to: 'image_id', required: true, pattern: '^[0-9a-fA-F-]{36}$', note: 'the id (UUID) of an image' },
  queue: { to: 'pool_id', note: 'a dedicated resource pool' },
  'resources.flavor': { to: 'flavor', required: true },
  interfaces: { to: 'endpoints[].service', values: ['jupyter', 'ssh'] },
  storage: { to: 'volume', required: true },
  'storage.type': { to: 'volume.category', values: ['EVS', 'EFS', 'SFS', 'OBS', 'OBSFS'], default: 'EVS' },
  'storage.source': {
    to: 'volume.uri',
    maxLength: 1024,
    note: 'the mount address of a dedicated file system (EFS, SFS), or `obs://bucket/directory/` (OBS, OBSFS)',
  },
  'storage.sizeGiB': { to: 'volume.capacity', maximum: 4096 },
  autoStop: { to: 'duration, lease' },
  'autoStop.afterSeconds': {
    to: 'duration, lease.duration',
    minimum: shortestLeaseMs / 1000,
    maximum: longestLeaseMs / 1000,
  },
  'autoStop.basis': { to: 'lease.type', values: ['running', 'idle'] },
  startupScript: { to: 'hooks.container_hooks.post_start.script', note: 'sent in Base64' },
  startupScriptScope: { to: '', values: ['all'], note: 'runs at each start' },
}

export function notebookErrors(spec: EnvironmentSpec): readonly SpecError[] {
  return [...volumeErrors(spec), ...optionErrors(spec, 'notebooks')]
}

/** The body of the create. */
export function notebookOf(
  { spec, correlationTag }: Pick<Intent<'environment'>, 'spec' | 'correlationTag'>,
  workspaceId: string,
): CreateNotebook {
  return {
    name: tagName(spec.name, correlationTag),
    description: spec.description ?? '',
    flavor: spec.resources?.flavor ?? '',
    image_id: spec.image ?? '',
    volume: volumeOf(spec),
    workspace_id: workspaceId,
    ...given({ pool_id: spec.queue, endpoints: endpointsOf(spec) }),
    ...leaseOf(spec),
    ...(spec.startupScript === undefined ? {} : { hooks: hooksOf(spec.startupScript) }),
  }
}

/**
 * Without a duration the vendor stops after an hour, so "never" is sent explicitly. Only a lease without `duration` can
 * count idle time.
 */
function leaseOf({ autoStop }: EnvironmentSpec): Pick<CreateNotebook, 'duration' | 'lease'> {
  if (autoStop === undefined) return { duration: -1 }
  const duration = autoStop.afterSeconds * 1000
  return autoStop.basis === 'idle' ? { lease: { duration, type: 'IDLE' } } : { duration }
}

/** The lease of each later start, as query parameters. */
export function leaseWanted({ autoStop }: EnvironmentSpec): StartQuery {
  if (autoStop === undefined) return { duration: -1 }
  return { duration: autoStop.afterSeconds * 1000, type: autoStop.basis === 'idle' ? 'IDLE' : 'TIMING' }
}

const services: Readonly<Record<string, string>> = { jupyter: 'NOTEBOOK', ssh: 'SSH' }

/** One entry per service in `interfaces` or the option; absent if there is none. */
function endpointsOf(spec: EnvironmentSpec): CreateNotebook['endpoints'] | undefined {
  const details = readList(optionsOf(spec), 'endpoints')
  const requested = (spec.interfaces ?? []).flatMap((each) => services[each] ?? [])
  const names = new Set([...requested, ...details.flatMap((each) => readText(each, 'service') ?? [])])
  if (names.size === 0) return undefined
  return [...names].map((service) => {
    const detail = details.find((each) => readText(each, 'service') === service)
    return {
      service,
      ...given({
        key_pair_names: textsOf(detail, 'keyPairNames'),
        allowed_access_ips: textsOf(detail, 'allowedAccessIps'),
      }),
    }
  })
}

function textsOf(from: Json | undefined, key: string): string[] | undefined {
  const values = readList(from, key).flatMap((value) => (typeof value === 'string' ? [value] : []))
  return values.length === 0 ? undefined : values
}

/** A COMMAND script is sent in the body as Base64; type SCRIPT would be a path. */
function hooksOf(script: string): NonNullable<CreateNotebook['hooks']> {
  const encoded = Buffer.from(script, 'utf8').toString('base64')
  return { container_hooks: { post_start: { type: 'COMMAND', script: encoded } } }
}
