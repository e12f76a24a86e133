import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { JsonObject } from '../../vocabulary/json.ts'
import { choice } from '../kit/choice.ts'
import type { CredentialFault } from '../provider.ts'

const url = (description: string, more: { default?: string } = {}) =>
  Type.String({ pattern: '^https?://[^\\s?#]+$', maxLength: 512, description, ...more })
const word = (maxLength: number, description: string) => Type.String({ minLength: 1, maxLength, description })
const headerWord = (maxLength: number, description: string) =>
  Type.String({ pattern: `^[!-~]{1,${maxLength}}$`, description })

/** What the manual leaves open is a setting here; each default is what the documents or most clients show. */
export const scnetSettings = Type.Object(
  {
    user: headerWord(128, 'The portal user that the credentials belong to.'),
    clusterId: Type.Optional(word(64, "The region's id, as the token list shows it. This or `clusterName` is needed.")),
    clusterName: Type.Optional(word(128, "The region's name, as the token list shows it.")),
    loginUrl: url('Host of the access-key login.', { default: 'https://api.scnet.cn' }),
    platformUrl: url('Host of the `/ac` platform calls.', { default: 'https://www.scnet.cn' }),
    aiUrl: Type.Optional(url("Pins the region's container service, which is discovered otherwise.")),
    hpcUrl: Type.Optional(url("Pins the region's HPC service.")),
    efileUrl: Type.Optional(url("Pins the region's file service.")),
    jobApi: choice(['hpc', 'container'], {
      default: 'hpc',
      description:
        'What a job is: a batch job of the HPC service, or a container with a start script (no exit code, no logs, success only inferred).',
    }),
    listForm: choice(['body', 'query', 'taskQuery'], {
      default: 'body',
      description:
        'How the container list takes its parameters: GET with a JSON body, `/task/list` with a query, or `/task` with a query.',
    }),
    tagField: choice(['name', 'description'], {
      default: 'name',
      description: "Where a container's mark stands; the characters of names are not documented.",
    }),
    timeOffset: Type.String({
      pattern: '^[+-][0-9]{2}:[0-9]{2}$',
      default: '+08:00',
      description: 'The zone of timestamps, which carry none.',
    }),
    schedulerId: Type.Optional(word(64, 'The HPC scheduler (strJobManagerID), which is discovered otherwise.')),
    clusterUser: Type.Optional(word(128, "The account on the region's cluster, which is discovered otherwise.")),
    defaultWorkingDirectory: Type.Optional(
      word(1024, "Where HPC jobs run that name no directory; the cluster user's home otherwise."),
    ),
    defaultQueue: Type.Optional(word(128, 'The queue of HPC jobs that name none.')),
    defaultResourceGroup: Type.Optional(word(128, 'The resource group of containers that name none.')),
    defaultWallTimeSeconds: Type.Optional(
      Type.Integer({ minimum: 60, maximum: 31_536_000, description: 'The time limit of jobs that set none.' }),
    ),
    hasHistory: Type.Boolean({
      default: true,
      description: 'Whether the HPC history can be read. Without it an ended job is forgotten after 5 minutes.',
    }),
    historyDays: Type.Integer({
      minimum: 1,
      maximum: 90,
      default: 30,
      description: 'How far back the HPC history is searched for a job that nothing else shows.',
    }),
  },
  { additionalProperties: false },
)

export const scnetCredentials = Type.Object(
  {
    accessKey: Type.Optional(headerWord(128, 'Access key of the pair made in the console. Goes with `secretKey`.')),
    secretKey: Type.Optional(headerWord(256, 'Secret key of the pair.')),
    password: Type.Optional(headerWord(256, 'The password of the old login. Goes with `orgId`.')),
    orgId: Type.Optional(headerWord(128, 'The organization id that third parties are given for the old login.')),
  },
  { additionalProperties: false },
)

export type ScnetSettings = Static<typeof scnetSettings>
export type ScnetCredentials = Static<typeof scnetCredentials>

/** Settings with their defaults. They were checked when the connection was made; what fails here is a bug. */
export function settingsOf(settings: JsonObject): ScnetSettings {
  const filled = Value.Default(scnetSettings, Value.Clone(settings))
  if (!Value.Check(scnetSettings, filled)) throw new TypeError('these are no settings of scnet')
  return filled
}

export function credentialsOf(credentials: JsonObject): ScnetCredentials {
  if (!Value.Check(scnetCredentials, credentials)) throw new TypeError('these are no credentials of scnet')
  return credentials
}

const pairs = [
  ['accessKey', 'secretKey'],
  ['password', 'orgId'],
] as const

/** The schema is one closed object; that exactly one of its two pairs is there and complete is checked here. */
export function credentialFault(credentials: JsonObject): CredentialFault | null {
  const given = credentialsOf(credentials)
  const [pair, other] = pairs.filter((names) => names.some((name) => given[name] !== undefined))
  if (pair === undefined || other !== undefined) {
    const detail = 'Give either `accessKey` and `secretKey` or `password` and `orgId`, and not both pairs.'
    return { field: other?.find((name) => given[name] !== undefined) ?? 'accessKey', detail }
  }
  const missing = pair.find((name) => given[name] === undefined)
  return missing === undefined
    ? null
    : { field: missing, detail: `\`${pair[0]}\` and \`${pair[1]}\` go together; \`${missing}\` is missing.` }
}
