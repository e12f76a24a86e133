import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { JsonObject } from '../../vocabulary/json.ts'
import { choice } from '../kit/choice.ts'
import type { CredentialError } from '../provider.ts'

const url = (description: string) =>
  Type.Optional(Type.String({ pattern: '^https?://[^\\s?#%]+$', maxLength: 512, description }))

const jobFlavor = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 128, description: 'Flavor id, as listed by the catalog.' }),
    cpus: Type.Integer({ minimum: 1, maximum: 100_000, description: 'CPU cores of a node.' }),
    memoryMiB: Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Memory of a node in MiB.' }),
    accelerator: Type.Optional(
      Type.Object(
        {
          kind: choice(['gpu', 'npu', 'dcu', 'mlu'], { description: 'Accelerator type.' }),
          model: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Model that jobs request.' })),
          count: Type.Integer({ minimum: 1, maximum: 64, description: 'Accelerators of a node.' }),
        },
        {
          additionalProperties: false,
          description: 'Accelerators of a node. Only jobs that request accelerators get such a flavor.',
        },
      ),
    ),
  },
  { additionalProperties: false, description: 'Flavor and its size.' },
)

export const modelartsSettings = Type.Object(
  {
    region: Type.String({
      pattern: '^[a-z0-9-]{2,40}$',
      description: 'Region id.',
      examples: ['eu-de'],
    }),
    domain: Type.String({
      pattern: '^[a-z0-9.-]{3,200}$',
      default: 'otc.t-systems.com',
      description:
        'External domain of the cloud, the suffix of its host names: `otc.t-systems.com`, `myhuaweicloud.com` (`myhuaweicloud.cn` for ap-southeast-1).',
    }),
    projectId: Type.String({
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      description: 'Project id in the region.',
      examples: ['77b6a44cba5143ab91d13ab9a8ff44fd'],
    }),
    projectName: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'Requests tokens by project name instead of project id. Requires a password.',
      }),
    ),
    baseUrl: url('ModelArts endpoint. Defaults to `https://modelarts.<region>.<domain>`.'),
    iamUrl: url('IAM endpoint that issues tokens. Defaults to `https://iam.<region>.<domain>`.'),
    workspaceId: Type.String({
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      default: '0',
      description: 'Workspace in which objects are created and listed. `0` is the default workspace.',
    }),
    environmentApi: choice(['demanager', 'notebooks'], {
      default: 'demanager',
      description:
        'API used for environments: development environment instances (`demanager`, which the vendor calls historical) or notebook instances (`notebooks`).',
    }),
    defaultImage: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 512,
        description: 'Image in SWR of training jobs with neither an image nor an algorithm, `organization/image:tag`.',
        examples: ['deep-learning/pytorch:2.1'],
      }),
    ),
    jobFlavors: Type.Optional(
      Type.Array(jobFlavor, {
        maxItems: 64,
        description:
          'Flavors and their sizes, in order of preference. A training job without a flavor gets the first one that has its `resources`; in a pool only if it requests a size. A job without a size gets, and is billed for, the first one without accelerators. Without `jobFlavors`, `cpus`, `memoryMiB` and `accelerator` return 422.',
      }),
    ),
    visibility: choice(['own', 'all'], {
      default: 'own',
      description:
        'Whose environments lists return: those of the user (`own`) or of all users (`all`), which requires the permission to see them. With `all`, the credentials can later be replaced by those of another user.',
    }),
  },
  { additionalProperties: false },
)

const secret = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ pattern: '^[^\\r\\n]+$', minLength: 1, maxLength, description }))

/** Text that is sent in a header or signs one. */
const headerText = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ pattern: `^[!-~]{1,${maxLength}}$`, description }))

export const modelartsCredentials = Type.Object(
  {
    accessKey: headerText(128, 'Access key (AK). Requires `secretKey`; excludes a password.'),
    secretKey: headerText(256, 'Secret key (SK). Requires `accessKey`.'),
    securityToken: headerText(8192, 'Security token of a temporary access key.'),
    username: secret(128, 'IAM user name. Requires `password` and `domainName`; excludes an access key.'),
    password: secret(256, 'Password of the IAM user.'),
    domainName: secret(128, 'Account (domain) of the IAM user.'),
  },
  { additionalProperties: false, minProperties: 2 },
)

type Settings = Static<typeof modelartsSettings>

/** Settings with their defaults and both endpoints. */
export type ModelartsSettings = Settings & { baseUrl: string; iamUrl: string }

export interface Keys {
  accessKey: string
  secretKey: string
  securityToken?: string
}

export interface Login {
  username: string
  password: string
  domainName: string
}

/** One complete set of credentials, or the invalid field. */
export type ModelartsCredentials =
  | { readonly by: 'keys'; readonly keys: Keys }
  | { readonly by: 'password'; readonly login: Login }
  | { readonly by: 'nothing'; readonly field: string; readonly detail: string }

/** Settings are validated when the connection is created; an error here is a bug. */
export function settingsOf(settings: JsonObject): ModelartsSettings {
  const filled = Value.Default(modelartsSettings, Value.Clone(settings))
  if (!Value.Check(modelartsSettings, filled)) throw new TypeError('these are no settings of modelarts')
  const { region, domain } = filled
  return {
    ...filled,
    baseUrl: filled.baseUrl ?? `https://modelarts.${region}.${domain}`,
    iamUrl: filled.iamUrl ?? `https://iam.${region}.${domain}`,
  }
}

/** The schema is one closed object; this checks that exactly one of its two sets is present and complete. */
export function credentialsOf(credentials: JsonObject): ModelartsCredentials {
  if (!Value.Check(modelartsCredentials, credentials)) throw new TypeError('these are no credentials of modelarts')
  const { accessKey, secretKey, securityToken, ...login } = credentials
  const hasKeys = accessKey !== undefined || secretKey !== undefined || securityToken !== undefined
  const [other] = Object.keys(login)
  if (!hasKeys) return loginOf(login)
  if (other !== undefined) {
    return wrong(other, 'Specify either an access key and a secret key, or a user with a password, but not both.')
  }
  if (accessKey === undefined) return wrong('accessKey', '`secretKey` requires `accessKey`.')
  if (secretKey === undefined) return wrong('secretKey', '`accessKey` requires `secretKey`.')
  return { by: 'keys', keys: { accessKey, secretKey, ...(securityToken === undefined ? {} : { securityToken }) } }
}

function loginOf({ username, password, domainName }: Partial<Login>): ModelartsCredentials {
  if (username === undefined) return wrong('username', '`password` requires `username`.')
  if (password === undefined) return wrong('password', '`username` requires `password`.')
  if (domainName === undefined) {
    return wrong('domainName', '`username` and `password` require `domainName`.')
  }
  return { by: 'password', login: { username, password, domainName } }
}

/** The error in credentials that are not one complete set. */
export function credentialError(credentials: JsonObject): CredentialError | null {
  const read = credentialsOf(credentials)
  return read.by === 'nothing' ? { field: read.field.replace('credentials.', ''), detail: read.detail } : null
}

function wrong(name: string, detail: string): ModelartsCredentials {
  return { by: 'nothing', field: `credentials.${name}`, detail }
}

/** Secrets to remove from errors and payloads. */
export function secretsOf(credentials: ModelartsCredentials): readonly string[] {
  if (credentials.by === 'nothing') return []
  if (credentials.by === 'password') return [credentials.login.password]
  const { accessKey, secretKey, securityToken } = credentials.keys
  return [secretKey, accessKey, ...(securityToken === undefined ? [] : [securityToken])]
}
