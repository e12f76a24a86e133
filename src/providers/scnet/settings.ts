import { type Static, Type } from '@sinclair/typebox'
import type { JsonObject } from '../../vocabulary/json.ts'
import { choice } from '../kit/choice.ts'
import { readStored } from '../kit/read-stored.ts'
import type { CredentialError } from '../provider.ts'

const url = (description: string, more: { default?: string } = {}) =>
  Type.String({ pattern: '^https?://[^\\s?#]+$', maxLength: 512, description, ...more })
const word = (maxLength: number, description: string) => Type.String({ minLength: 1, maxLength, description })
const headerWord = (maxLength: number, description: string) =>
  Type.String({ pattern: `^[!-~]{1,${maxLength}}$`, description })

/** Details that the manual leaves open are settings; each default follows the documents or most clients. */
export const scnetSettings = Type.Object(
  {
    user: headerWord(128, 'Portal user that owns the credentials.'),
    clusterId: Type.Optional(
      word(64, 'Region id, as returned by the token list. Required unless `clusterName` is set.'),
    ),
    clusterName: Type.Optional(
      word(128, 'Region name, as returned by the token list. Required unless `clusterId` is set.'),
    ),
    loginUrl: url('Base URL of the access-key login.', { default: 'https://api.scnet.cn' }),
    platformUrl: url('Base URL of the `/ac` platform API.', { default: 'https://www.scnet.cn' }),
    aiUrl: Type.Optional(url("Overrides discovery of the region's container service URL.")),
    hpcUrl: Type.Optional(url("Overrides discovery of the region's HPC service URL.")),
    efileUrl: Type.Optional(url("Overrides discovery of the region's file service URL.")),
    jobApi: choice(['hpc', 'container'], {
      default: 'hpc',
      description:
        'API used for jobs: batch jobs of the HPC service (`hpc`), or containers with a start script (`container`: no exit code, no logs, success is inferred).',
    }),
    listForm: choice(['body', 'query', 'taskQuery'], {
      default: 'body',
      description:
        'Request form of the container list: GET with a JSON body (`body`), `/task/list` with a query (`query`), or `/task` with a query (`taskQuery`).',
    }),
    tagField: choice(['name', 'description'], {
      default: 'name',
      description:
        'Container field that carries the correlation tag. The characters allowed in names are not documented.',
    }),
    timeOffset: Type.String({
      pattern: '^[+-][0-9]{2}:[0-9]{2}$',
      default: '+08:00',
      description: 'UTC offset of provider timestamps, which carry none.',
    }),
    schedulerId: Type.Optional(word(64, 'Overrides discovery of the HPC scheduler id (`strJobManagerID`).')),
    clusterUser: Type.Optional(word(128, "Overrides discovery of the account on the region's cluster.")),
    defaultWorkingDirectory: Type.Optional(
      word(1024, 'Default working directory of HPC jobs. Defaults to the home directory of the cluster user.'),
    ),
    defaultQueue: Type.Optional(word(128, 'Default queue of HPC jobs.')),
    defaultResourceGroup: Type.Optional(word(128, 'Default resource group of containers.')),
    defaultWallTimeSeconds: Type.Optional(
      Type.Integer({ minimum: 60, maximum: 31_536_000, description: 'Default time limit of jobs, in seconds.' }),
    ),
    hasHistory: Type.Boolean({
      default: true,
      description:
        'Whether the HPC history can be read. Without it, a finished job can no longer be found after 5 minutes.',
    }),
    historyDays: Type.Integer({
      minimum: 1,
      maximum: 90,
      default: 30,
      description: 'Number of days that the HPC history is searched for jobs missing from other lists.',
    }),
  },
  { additionalProperties: false },
)

export const scnetCredentials = Type.Object(
  {
    accessKey: Type.Optional(headerWord(128, 'Access key of a console key pair. Requires `secretKey`.')),
    secretKey: Type.Optional(headerWord(256, 'Secret key of the console key pair.')),
    password: Type.Optional(headerWord(256, 'Password of the legacy login. Requires `orgId`.')),
    orgId: Type.Optional(
      headerWord(128, 'Organization id issued to third parties for the legacy login. Requires `password`.'),
    ),
  },
  { additionalProperties: false },
)

export type ScnetSettings = Static<typeof scnetSettings>
export type ScnetCredentials = Static<typeof scnetCredentials>

export const settingsOf = (settings: JsonObject): ScnetSettings =>
  readStored(scnetSettings, settings, 'settings of scnet')

export const credentialsOf = (credentials: JsonObject): ScnetCredentials =>
  readStored(scnetCredentials, credentials, 'credentials of scnet')

const pairs = [
  ['accessKey', 'secretKey'],
  ['password', 'orgId'],
] as const

/** The schema is one closed object; this checks that exactly one of its two pairs is present and complete. */
export function credentialError(credentials: JsonObject): CredentialError | null {
  const given = credentialsOf(credentials)
  const [pair, other] = pairs.filter((names) => names.some((name) => given[name] !== undefined))
  if (pair === undefined || other !== undefined) {
    const detail = 'Specify either `accessKey` and `secretKey`, or `password` and `orgId`, but not both.'
    return { field: other?.find((name) => given[name] !== undefined) ?? 'accessKey', detail }
  }
  const missing = pair.find((name) => given[name] === undefined)
  return missing === undefined
    ? null
    : { field: missing, detail: `\`${pair[0]}\` and \`${pair[1]}\` must be sent together; \`${missing}\` is missing.` }
}
