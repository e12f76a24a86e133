import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { JsonObject } from '../../vocabulary/json.ts'
import type { NcpKeys } from '../vendors/ncp/signature.ts'

export const dataforestSettings = Type.Object(
  {
    accountId: Type.String({
      pattern: '^[0-9A-Za-z]{1,22}$',
      description: 'Data Forest account id (not the NAVER Cloud account), as returned by accounts/getList.',
      examples: ['6COytUeFj7b8eOhq2L5zL'],
    }),
    baseUrl: Type.String({
      pattern: '^https?://[^\\s?#]+$',
      maxLength: 512,
      default: 'https://df.apigw.ntruss.com',
      description: 'Base URL of the API gateway.',
    }),
    defaultQueue: Type.String({
      minLength: 1,
      maxLength: 128,
      default: 'gpu',
      description: 'Default YARN queue.',
    }),
  },
  { additionalProperties: false },
)

export const dataforestCredentials = Type.Object(
  {
    accessKey: Type.String({ pattern: '^[!-~]{1,128}$', description: 'Access Key ID of the account or sub account.' }),
    secretKey: Type.String({ pattern: '^[!-~]{1,256}$', description: 'Secret Key that belongs to the Access Key ID.' }),
  },
  { additionalProperties: false },
)

export type DataforestSettings = Static<typeof dataforestSettings>

/** Settings with their defaults. They are validated when the connection is created; an error here is a bug. */
export function settingsOf(settings: JsonObject): DataforestSettings {
  const filled = Value.Default(dataforestSettings, Value.Clone(settings))
  if (!Value.Check(dataforestSettings, filled)) throw new TypeError('these are no settings of dataforest')
  return filled
}

export function keysOf(credentials: JsonObject): NcpKeys {
  if (!Value.Check(dataforestCredentials, credentials)) throw new TypeError('these are no credentials of dataforest')
  return credentials
}
