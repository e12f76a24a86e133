import { type Static, Type } from '@sinclair/typebox'
import type { JsonObject } from '../../vocabulary/json.ts'
import { readStored } from '../kit/read-stored.ts'
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

export const settingsOf = (settings: JsonObject): DataforestSettings =>
  readStored(dataforestSettings, settings, 'settings of dataforest')

export const keysOf = (credentials: JsonObject): NcpKeys =>
  readStored(dataforestCredentials, credentials, 'credentials of dataforest')
