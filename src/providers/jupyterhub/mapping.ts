import { type TObject, Type } from '@sinclair/typebox'
import { type Json, pointerStep } from '../../vocabulary/json.ts'
import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import type { Accepts, FieldRule, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { nameTagLength, tagName } from '../kit/correlation-tags.ts'
import { isObject } from '../kit/fields.ts'
import { type JupyterhubSettings, usernameSchema } from './settings.ts'
import type { UserOptions } from './wire.ts'

export const tagLength = 12
/**
 * Server names from 6.0 on: a slug. Enforced for every version, so that an upgraded hub can still start existing
 * servers without renaming them.
 * Source: `is_valid_safe_slug` of slugs.py, 6.1.1
 */
const maxServerName = 30
const slug = '^[a-z][a-z0-9]*(-[a-z0-9]+)*$'

/** A named server, by the parts of its address. */
export interface ServerName {
  user: string
  server: string
}

export const options: TObject = Type.Object(
  {
    username: usernameSchema('User who owns the server. Required if the connection settings name no user.'),
    userOptions: Type.Optional(
      Type.Record(Type.String({ minLength: 1, maxLength: 64 }), Type.Unknown(), {
        maxProperties: 64,
        description: 'Passed through to `user_options`. Limited to keys listed in `clientOptions` of the connection.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Fields that the hub accepts, and those that its spawner reads by the keys of the connection. */
export function acceptsOf({ optionKeys: keys }: JupyterhubSettings): Accepts {
  const sent = (key: string | undefined, rule: Omit<FieldRule, 'to'> = {}): FieldRule | undefined =>
    key === undefined ? undefined : { to: `user_options.${key}`, ...rule }
  const accelerator = sent(keys.accelerators)
  return withoutAbsent({
    name: {
      to: 'server_name',
      pattern: slug,
      maxLength: maxServerName - nameTagLength(tagLength),
      note: 'a letter first, then lower-case letters, digits and single hyphens; part of the address of the server',
    },
    image: sent(keys.image),
    'resources.flavor': sent(keys.flavor),
    'resources.cpus': sent(keys.cpus),
    'resources.memoryMiB': sent(keys.memoryMiB, { note: 'sent as `4096M`' }),
    'resources.accelerator': accelerator,
    'resources.accelerator.kind': accelerator && { to: '', values: ['gpu'] },
    'resources.accelerator.count': accelerator,
    'resources.accelerator.model': accelerator && sent(keys.acceleratorModel),
    environmentVariables: sent(keys.environmentVariables),
    interfaces: { to: '', values: ['jupyter'], maxItems: 1, note: 'a server is a Jupyter server' },
    autoStop: { to: '', note: "enforced by Switchyard; the hub's idle culler is configured by its operator" },
    'autoStop.afterSeconds': { to: '' },
    'autoStop.basis': { to: '', values: ['running'] },
  })
}

/** Checks the owner of the server and the options that a client may set. */
export function errorsOf(spec: EnvironmentSpec, settings: JupyterhubSettings): readonly SpecError[] {
  const username = usernameOf(spec)
  const at = '/providerOptions/jupyterhub'
  const validationErrors: SpecError[] = []
  if (username === undefined && settings.username === undefined) {
    validationErrors.push({ pointer: `${at}/username`, detail: 'The connection names no user: specify `username`.' })
  }
  if (username !== undefined && settings.username !== undefined && username !== settings.username) {
    const detail = `All servers of this connection belong to ${settings.username}. Remove it.`
    validationErrors.push({ pointer: `${at}/username`, detail })
  }
  const taken: ReadonlySet<unknown> = new Set(Object.values(settings.optionKeys))
  for (const key of Object.keys(clientOptionsOf(spec))) {
    if (settings.clientOptions.includes(key) && !taken.has(key)) continue
    const detail = taken.has(key)
      ? `user_options.${key} is set by a field of the request. Use that field.`
      : `The connection's clientOptions do not list ${key}. They list: ${settings.clientOptions.join(', ') || 'nothing'}.`
    validationErrors.push({ pointer: `${at}/userOptions${pointerStep(key)}`, detail })
  }
  return validationErrors
}

/** The server of an intent. Its name is the client's followed by the correlation tag, the same for every attempt. */
export function serverOf(
  { spec, correlationTag }: Pick<Intent<'environment'>, 'spec' | 'correlationTag'>,
  settings: JupyterhubSettings,
) {
  return { user: settings.username ?? usernameOf(spec) ?? '', server: tagName(spec.name, correlationTag) }
}

/** The body of a start, which the spawner reads as `user_options`. */
export function userOptionsOf(spec: EnvironmentSpec, { optionKeys: keys }: JupyterhubSettings): UserOptions {
  const { cpus, memoryMiB, flavor, accelerator } = spec.resources ?? {}
  const entries: readonly (readonly [string | undefined, Json | undefined])[] = [
    [keys.image, spec.image],
    [keys.flavor, flavor],
    [keys.cpus, cpus],
    [keys.memoryMiB, memoryMiB === undefined ? undefined : `${memoryMiB}M`],
    [keys.accelerators, accelerator?.count],
    [keys.acceleratorModel, accelerator?.model],
    [keys.environmentVariables, spec.environmentVariables],
  ]
  const chosen = entries.flatMap(([key, value]) => (key === undefined || value === undefined ? [] : [[key, value]]))
  return { ...clientOptionsOf(spec), ...Object.fromEntries(chosen) }
}

/** A remote id is `<user>/<server>`; neither part can contain a slash. */
export function remoteIdOf({ user, server }: ServerName): string {
  return `${user}/${server}`
}

/** Null for an invalid id: an import may contain anything, and must not become a path to another resource. */
export function serverNameOf(remoteId: string): ServerName | null {
  const [, user, server] = /^([^/!=%?#\s]{1,255})\/([^/%?#\s]{1,255})$/.exec(remoteId) ?? []
  if (user === undefined || server === undefined) return null
  return [user, server].some((part) => /^\.+$/.test(part)) ? null : { user, server }
}

function usernameOf(spec: EnvironmentSpec): string | undefined {
  const username = spec.providerOptions?.jupyterhub?.username
  return typeof username === 'string' ? username : undefined
}

function clientOptionsOf(spec: EnvironmentSpec): UserOptions {
  const given = spec.providerOptions?.jupyterhub?.userOptions as Json | undefined
  return isObject(given) ? { ...given } : {}
}

function withoutAbsent(rules: { [path in keyof Accepts]: FieldRule | undefined }): Accepts {
  return Object.fromEntries(Object.entries(rules).filter(([, rule]) => rule !== undefined)) as Accepts
}
