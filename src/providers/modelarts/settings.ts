import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { JsonObject } from '../../vocabulary/json.ts'
import { choice } from '../kit/choice.ts'
import type { CredentialFault } from '../provider.ts'

const url = (description: string) =>
  Type.Optional(Type.String({ pattern: '^https?://[^\\s?#%]+$', maxLength: 512, description }))

export const modelartsSettings = Type.Object(
  {
    region: Type.String({
      pattern: '^[a-z0-9-]{2,40}$',
      description: 'The region. ModelArts is regional.',
      examples: ['eu-de'],
    }),
    domain: Type.String({
      pattern: '^[a-z0-9.-]{3,200}$',
      default: 'otc.t-systems.com',
      description:
        "The cloud's external domain, the end of its host names: `otc.t-systems.com`, `myhuaweicloud.com` (`myhuaweicloud.cn` for ap-southeast-1).",
    }),
    projectId: Type.String({
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      description: "The project's id in that region. It stands in every path.",
      examples: ['77b6a44cba5143ab91d13ab9a8ff44fd'],
    }),
    projectName: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'Asks for tokens by the name of the project instead of its id. Only with a password.',
      }),
    ),
    baseUrl: url('The ModelArts endpoint; `https://modelarts.<region>.<domain>` where absent.'),
    iamUrl: url('The IAM endpoint that gives tokens; `https://iam.<region>.<domain>` where absent.'),
    workspaceId: Type.String({
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      default: '0',
      description: 'The workspace that is created in and listed. `0` is the default workspace.',
    }),
    environmentApi: choice(['demanager', 'notebooks'], {
      default: 'demanager',
      description:
        'What environments are: development environment instances (`demanager`, which the vendor calls historical) or notebook instances (`notebooks`).',
    }),
    visibility: choice(['own', 'all'], {
      default: 'own',
      description:
        "Whose environments the lists show: the user's own or everybody's, which the user must be allowed to see. With `all`, credentials may later be replaced by another user's.",
    }),
  },
  { additionalProperties: false },
)

const secret = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ pattern: '^[^\\r\\n]+$', minLength: 1, maxLength, description }))

/** What stands in a header of a call, or signs one. */
const headerText = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ pattern: `^[!-~]{1,${maxLength}}$`, description }))

export const modelartsCredentials = Type.Object(
  {
    accessKey: headerText(128, 'Access key (AK). With `secretKey`; excludes a password.'),
    secretKey: headerText(256, 'Secret key (SK).'),
    securityToken: headerText(8192, 'Of a temporary access key.'),
    username: secret(128, 'IAM user. With `password` and `domainName`; excludes an access key.'),
    password: secret(256, "The IAM user's password."),
    domainName: secret(128, 'The account that the user belongs to.'),
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

/** One complete set of credentials, or which field is wrong with them. */
export type ModelartsCredentials =
  | { readonly by: 'keys'; readonly keys: Keys }
  | { readonly by: 'password'; readonly login: Login }
  | { readonly by: 'nothing'; readonly field: string; readonly detail: string }

/** They were checked when the connection was made; what fails here is a bug. */
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

/** The schema is one closed object; that exactly one of its two sets is there and complete is checked here. */
export function credentialsOf(credentials: JsonObject): ModelartsCredentials {
  if (!Value.Check(modelartsCredentials, credentials)) throw new TypeError('these are no credentials of modelarts')
  const { accessKey, secretKey, securityToken, ...login } = credentials
  const hasKeys = accessKey !== undefined || secretKey !== undefined || securityToken !== undefined
  const [other] = Object.keys(login)
  if (!hasKeys) return loginOf(login)
  if (other !== undefined) {
    return wrong(other, 'Give either an access key and a secret key or a user with a password, not both.')
  }
  if (accessKey === undefined) return wrong('accessKey', 'A secret key needs its access key.')
  if (secretKey === undefined) return wrong('secretKey', 'An access key needs its secret key.')
  return { by: 'keys', keys: { accessKey, secretKey, ...(securityToken === undefined ? {} : { securityToken }) } }
}

function loginOf({ username, password, domainName }: Partial<Login>): ModelartsCredentials {
  if (username === undefined) return wrong('username', 'A password needs its user.')
  if (password === undefined) return wrong('password', 'A user needs its password.')
  if (domainName === undefined) {
    return wrong('domainName', 'A user and its password need the account (domain) of the user.')
  }
  return { by: 'password', login: { username, password, domainName } }
}

/** What is wrong with credentials that are not one complete set. */
export function credentialFault(credentials: JsonObject): CredentialFault | null {
  const read = credentialsOf(credentials)
  return read.by === 'nothing' ? { field: read.field.replace('credentials.', ''), detail: read.detail } : null
}

function wrong(name: string, detail: string): ModelartsCredentials {
  return { by: 'nothing', field: `credentials.${name}`, detail }
}

/** What must not stand in an error or a payload. */
export function secretsOf(credentials: ModelartsCredentials): readonly string[] {
  if (credentials.by === 'nothing') return []
  if (credentials.by === 'password') return [credentials.login.password]
  const { accessKey, secretKey, securityToken } = credentials.keys
  return [secretKey, accessKey, ...(securityToken === undefined ? [] : [securityToken])]
}
