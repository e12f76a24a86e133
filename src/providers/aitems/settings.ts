import { type Static, Type } from '@sinclair/typebox'
import type { JsonObject } from '../../vocabulary/json.ts'
import { readStored } from '../kit/read-stored.ts'
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

export const settingsOf = (settings: JsonObject): AitemsSettings =>
  readStored(aitemsSettings, settings, 'settings of aitems')

export const keysOf = (credentials: JsonObject): NcpKeys =>
  readStored(aitemsCredentials, credentials, 'credentials of aitems')
