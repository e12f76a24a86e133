import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { JsonObject } from '../../vocabulary/json.ts'

/** A user's name as it can stand in a path and in a scope. Which names exist or may be made is the hub's to say. */
const usernamePattern = '^(?!\\.+$)[^/!=%?#\\s]{1,255}$'
/** From 6.0 on a body with one of these keys is no longer the options themselves, but holds them. */
const notReserved = '^(?!(?:user_options|display_name)$)'
const optionKey = (what: string) =>
  Type.Optional(
    Type.String({ pattern: `${notReserved}[A-Za-z_][A-Za-z0-9_.-]{0,63}$`, description: `${what} Absent: refused.` }),
  )

export const usernameSchema = (description: string) =>
  Type.Optional(Type.String({ pattern: usernamePattern, description }))

/** Which key of `user_options` each field becomes: a spawner reads what its hub's operator taught it to read. */
const optionKeys = Type.Object(
  {
    image: optionKey('Carries `image`, as a string.'),
    flavor: optionKey('Carries `resources.flavor`, as a string; `profile` is what KubeSpawner reads.'),
    cpus: optionKey('Carries `resources.cpus`, as a number.'),
    memoryMiB: optionKey("Carries `resources.memoryMiB` as JupyterHub's own byte specification, `4096M`."),
    accelerators: optionKey('Carries the number of GPUs, `resources.accelerator.count`.'),
    acceleratorModel: optionKey('Carries `resources.accelerator.model`, as a string.'),
    environmentVariables: optionKey('Carries `environmentVariables`, as an object.'),
  },
  {
    additionalProperties: false,
    default: {},
    description: "Which keys of `user_options` the hub's spawner reads. What has no key is refused, not ignored.",
  },
)

export const jupyterhubSettings = Type.Object(
  {
    baseUrl: Type.String({
      pattern: '^https?://[^\\s?#%]+$',
      maxLength: 512,
      description: "The hub's public address with its base URL, without `/hub`. JupyterHub 3.0 or newer.",
      examples: ['https://jupyter.example.com'],
    }),
    subdomainHost: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s/?#%@]+$',
        maxLength: 512,
        description:
          "The hub's `subdomain_host`, where it has one: each user's servers are on a host of their own below it. Absent: servers are at the hub's own address. A token is handed out for no other address.",
        examples: ['https://jupyter.example.com'],
      }),
    ),
    username: usernameSchema('The user who owns every server. Absent: each request names one.'),
    createsUsers: Type.Boolean({
      default: true,
      description: 'Whether a user that the hub does not know is added before its first server.',
    }),
    optionKeys,
    clientOptions: Type.Array(Type.String({ pattern: notReserved, minLength: 1, maxLength: 64 }), {
      maxItems: 64,
      default: [],
      description: 'Keys of `user_options` that a request may set as it likes, in `providerOptions`.',
    }),
    accessSeconds: Type.Integer({
      minimum: 60,
      maximum: 2_592_000,
      default: 3600,
      description: 'How long a token is valid that opens a server.',
    }),
    tokenInUrl: Type.Optional(
      Type.Boolean({
        description:
          "Whether the hub's servers take a token from their address (`allow_token_in_url`). Absent: as JupyterHub's versions do unless told otherwise, up to 4.x.",
      }),
    ),
  },
  { additionalProperties: false },
)

export const jupyterhubCredentials = Type.Object(
  {
    token: Type.String({
      pattern: '^[!-~]{1,512}$',
      description:
        'API token of a service or user with the scopes admin:users (or servers and read:users), tokens, access:servers; list:users where requests name users.',
    }),
  },
  { additionalProperties: false },
)

export type JupyterhubSettings = Static<typeof jupyterhubSettings>

/** Settings with their defaults. They were checked when the connection was made; what fails here is a bug. */
export function settingsOf(settings: JsonObject): JupyterhubSettings {
  const filled = Value.Default(jupyterhubSettings, Value.Clone(settings))
  if (!Value.Check(jupyterhubSettings, filled)) throw new TypeError('these are no settings of jupyterhub')
  return filled
}

export function tokenOf(credentials: JsonObject): string {
  if (!Value.Check(jupyterhubCredentials, credentials)) throw new TypeError('these are no credentials of jupyterhub')
  return credentials.token
}
