import { type Static, Type } from '@sinclair/typebox'
import type { JsonObject } from '../../vocabulary/json.ts'
import { readStored } from '../kit/read-stored.ts'
import { runtimeEnvFields } from './options.ts'

export const raySettings = Type.Object(
  {
    baseUrl: Type.String({
      pattern: '^https?://[^\\s?#]+$',
      maxLength: 512,
      description:
        'URL of the dashboard of the head node, such as `http://head.example.com:8265`. A path is prepended to `/api/…`.',
    }),
    runtimeEnv: Type.Optional(
      Type.Object(runtimeEnvFields, {
        additionalProperties: false,
        description:
          'Runtime environment of jobs that do not set `providerOptions.ray.runtimeEnv`, key by key. Not used for jobs with an `image`.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const rayCredentials = Type.Object(
  {
    token: Type.Optional(
      Type.String({
        pattern: '^[!-~]{8,4096}$',
        description:
          'Authentication token of the cluster (`RAY_AUTH_MODE=token`), sent as a bearer token. Absent if the cluster has no authentication.',
      }),
    ),
  },
  { additionalProperties: false },
)

export type RaySettings = Static<typeof raySettings>
export type RayCredentials = Static<typeof rayCredentials>

export function settingsOf(settings: JsonObject): RaySettings {
  return readStored(raySettings, settings, 'settings of ray')
}

export function credentialsOf(credentials: JsonObject): RayCredentials {
  return readStored(rayCredentials, credentials, 'credentials of ray')
}
