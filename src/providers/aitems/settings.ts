import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { JsonObject } from '../../vocabulary/json.ts'
import type { NcpKeys } from '../vendors/ncp/signature.ts'

export const aitemsSettings = Type.Object(
  {
    baseUrl: Type.String({
      pattern: '^https?://[^\\s?#]+$',
      maxLength: 512,
      default: 'https://aitems.apigw.ntruss.com',
      description: 'Base URL of the API gateway.',
    }),
    timezoneOffset: Type.String({
      pattern: '^[+-]\\d{2}:\\d{2}$',
      default: '+09:00',
      description: 'UTC offset of AiTEMS timestamps, which carry none. Defaults to `+09:00`, Korean time.',
    }),
  },
  { additionalProperties: false },
)

export const aitemsCredentials = Type.Object(
  {
    accessKey: Type.String({ pattern: '^[!-~]{1,128}$', description: 'Access Key ID of the account or sub account.' }),
    secretKey: Type.String({ pattern: '^[!-~]{1,256}$', description: 'Secret Key that belongs to the Access Key ID.' }),
  },
  { additionalProperties: false },
)

export type AitemsSettings = Static<typeof aitemsSettings>

/** Settings with their defaults. They are validated when the connection is created; an error here is a bug. */
export function settingsOf(settings: JsonObject): AitemsSettings {
  const filled = Value.Default(aitemsSettings, Value.Clone(settings))
  if (!Value.Check(aitemsSettings, filled)) throw new TypeError('these are no settings of aitems')
  return filled
}

export function keysOf(credentials: JsonObject): NcpKeys {
  if (!Value.Check(aitemsCredentials, credentials)) throw new TypeError('these are no credentials of aitems')
  return credentials
}
