import { type Static, Type } from '@sinclair/typebox'
import type { JsonObject } from '../../vocabulary/json.ts'
import { readStored } from '../kit/read-stored.ts'

/** A user name that is valid in a path and in a scope. The hub decides which names exist or may be created. */
const usernamePattern = '^(?!\\.+$)[^/!=%?#\\s]{1,255}$'
/** From 6.0 on a body with one of these keys wraps the options instead of being the options. */
const notReserved = '^(?!(?:user_options|display_name)$)'
const optionKey = (what: string) =>
  Type.Optional(
    Type.String({
      pattern: `${notReserved}[A-Za-z_][A-Za-z0-9_.-]{0,63}$`,
      examples: ['image'],
      description: `${what} A name of letters, digits, \`_\`, \`.\` and \`-\`, but not \`user_options\` or \`display_name\`. If absent, the field is not supported.`,
    }),
  )

export const usernameSchema = (description: string) =>
  Type.Optional(
    Type.String({
      pattern: usernamePattern,
      description: `${description} Up to 255 characters except spaces and \`/!=%?#\`.`,
      examples: ['alice'],
    }),
  )

/** The key of `user_options` for each field: a spawner reads the keys that its operator configured. */
const optionKeys = Type.Object(
  {
    image: optionKey('Receives `image`, as a string.'),
    flavor: optionKey('Receives `resources.flavor`, as a string; KubeSpawner reads `profile`.'),
    cpus: optionKey('Receives `resources.cpus`, as a number.'),
    memoryMiB: optionKey('Receives `resources.memoryMiB` as a JupyterHub byte specification, such as `4096M`.'),
    accelerators: optionKey('Receives the number of GPUs, `resources.accelerator.count`.'),
    acceleratorModel: optionKey('Receives `resources.accelerator.model`, as a string.'),
    environmentVariables: optionKey('Receives `environmentVariables`, as an object.'),
  },
  {
    additionalProperties: false,
    default: {},
    description: "Keys of `user_options` that the hub's spawner reads. Fields without a key return 422.",
  },
)

export const jupyterhubSettings = Type.Object(
  {
    baseUrl: Type.String({
      pattern: '^https?://[^\\s?#%]+$',
      maxLength: 512,
      description: 'Public URL of the hub including its base URL, without `/hub`. Requires JupyterHub 3.0 or newer.',
      examples: ['https://jupyter.example.com'],
    }),
    subdomainHost: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s/?#%@]+$',
        maxLength: 512,
        description:
          "`subdomain_host` of the hub, if set: each user's servers have a separate host below it. Absent if servers share the hub's address. Access tokens are issued for these addresses only.",
        examples: ['https://jupyter.example.com'],
      }),
    ),
    username: usernameSchema('User who owns all servers. If absent, each request names a user.'),
    createsUsers: Type.Boolean({
      default: true,
      description: 'Whether unknown users are created before their first server.',
    }),
    optionKeys,
    clientOptions: Type.Array(
      Type.String({
        pattern: notReserved,
        minLength: 1,
        maxLength: 64,
        description: 'Key other than `user_options` and `display_name`.',
        examples: ['profile'],
      }),
      {
        maxItems: 64,
        default: [],
        description: 'Keys of `user_options` that requests can set in `providerOptions.jupyterhub.userOptions`.',
      },
    ),
    accessSeconds: Type.Integer({
      minimum: 60,
      maximum: 2_592_000,
      default: 3600,
      description: 'Lifetime of access tokens, in seconds.',
    }),
    tokenInUrl: Type.Optional(
      Type.Boolean({
        description:
          "Whether servers accept a token in the URL (`allow_token_in_url`). Defaults to the default of the hub's JupyterHub version: accepted up to 4.x.",
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
        'API token of a service or user with the scopes `admin:users` (or `servers` and `read:users`), `tokens` and `access:servers`; also `list:users` if requests name users.',
    }),
  },
  { additionalProperties: false },
)

export type JupyterhubSettings = Static<typeof jupyterhubSettings>

export const settingsOf = (settings: JsonObject): JupyterhubSettings =>
  readStored(jupyterhubSettings, settings, 'settings of jupyterhub')

export const tokenOf = (credentials: JsonObject): string =>
  readStored(jupyterhubCredentials, credentials, 'credentials of jupyterhub').token
