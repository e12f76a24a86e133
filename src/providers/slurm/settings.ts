import { type Static, Type } from '@sinclair/typebox'
import type { JsonObject } from '../../vocabulary/json.ts'
import { choice } from '../kit/choice.ts'
import { readStored } from '../kit/read-stored.ts'

/**
 * The supported versions of the REST API, oldest first. v0.0.36 reports neither user nor 2017. v0.0.39 is the only one
 * with its formats, and the first with those of v0.0.40 in part.
 */
export const supportedVersions = [
  'v0.0.37',
  'v0.0.38',
  'v0.0.40',
  'v0.0.41',
  'v0.0.42',
  'v0.0.43',
  'v0.0.44',
  'v0.0.45',
] as const

export type SlurmVersion = (typeof supportedVersions)[number]

export const newestVersion: SlurmVersion = 'v0.0.45'

export const slurmSettings = Type.Object(
  {
    baseUrl: Type.String({
      pattern: '^https?://[^\\s?#]+$',
      maxLength: 512,
      description: 'slurmrestd base URL, such as `http://login1:6820`. A path is prepended to `/slurm/…`.',
    }),
    user: Type.String({ pattern: '^[!-~]{1,64}$', description: 'Cluster user that jobs run as.' }),
    version: Type.Optional(
      choice(supportedVersions, {
        description:
          'REST API version of slurmrestd. By default the newest that both support, as `verify` finds it and keeps it with the connection.',
      }),
    ),
    path: Type.String({
      minLength: 1,
      maxLength: 4096,
      default: '/usr/local/bin:/usr/bin:/bin',
      description: 'Default `PATH` of jobs: Slurm passes only variables that are sent with the job.',
    }),
    defaultWorkingDirectory: Type.Optional(
      Type.String({ pattern: '^/', maxLength: 1024, description: 'Default working directory of jobs.' }),
    ),
    minJobAgeSeconds: Type.Integer({
      minimum: 60,
      maximum: 31_536_000,
      default: 300,
      description: '`MinJobAge` of the cluster: how long the controller returns finished jobs, in seconds.',
    }),
  },
  { additionalProperties: false },
)

export const slurmCredentials = Type.Object(
  {
    token: Type.Optional(
      Type.String({
        pattern: '^[\\w-]+\\.[\\w-]+\\.[\\w-]*$',
        maxLength: 8192,
        description: 'JWT of the user, as printed by `scontrol token`: three parts separated by dots. Excludes `key`.',
        examples: ['header.payload.signature'],
      }),
    ),
    key: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9+/]{22,}={0,2}$',
        maxLength: 8192,
        description:
          'The `jwt_key` file of the cluster in base64 without line breaks, used to create short-lived tokens. Excludes `token`.',
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1, maxProperties: 1 },
)

export type SlurmSettings = Static<typeof slurmSettings>
export type SlurmCredentials = Static<typeof slurmCredentials>

export const settingsOf = (settings: JsonObject): SlurmSettings =>
  readStored(slurmSettings, settings, 'settings of slurm')

export const credentialsOf = (credentials: JsonObject): SlurmCredentials =>
  readStored(slurmCredentials, credentials, 'credentials of slurm')
