import { type TObject, type TSchema, Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { capitalized } from '../vocabulary/capitalized.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { nullable } from '../vocabulary/nullable.ts'
import { networkPatchSchema, networkSchema, networkViewSchema } from './network.schemas.ts'

/** The properties of a provider that define a connection's schema. */
export interface ConnectableProvider {
  id: string
  settings: TObject
  credentials: TObject
  endpointSettings: readonly string[]
}

const exactlyOneProvider = { additionalProperties: false, minProperties: 1, maxProperties: 1 }

/** One optional closed object per provider, exactly one required. No `oneOf`, to keep generated clients simple. */
export function makeConnectionSchemas(providers: readonly ConnectableProvider[]) {
  const byProvider = (what: string, pick: (provider: ConnectableProvider) => TObject, suffix = '') =>
    Object.fromEntries(
      providers.map((provider) => {
        const description = `${what} of ${provider.id}.`
        const title = `${capitalized(provider.id)}${what}${suffix}`
        return [provider.id, Type.Optional({ ...closed(pick(provider)), title, description })]
      }),
    )
  const settings = (minProperties: number) =>
    Type.Object(
      byProvider('Settings', (provider) => lenient(provider.settings)),
      {
        additionalProperties: false,
        minProperties,
        maxProperties: 1,
        title: 'SettingsByProvider',
        description: 'Connection settings, keyed by provider id.',
      },
    )
  const ConnectionRequest = Type.Object(
    {
      name: Type.String({
        minLength: 1,
        maxLength: 64,
        pattern: '^[A-Za-z0-9_][A-Za-z0-9_. -]*$',
        description: 'Connection name, unique in the project.',
      }),
      settings: settings(1),
      credentials: Type.Object(
        byProvider('Credentials', (provider) => provider.credentials),
        {
          additionalProperties: false,
          minProperties: 1,
          maxProperties: 1,
          title: 'CredentialsByProvider',
          description:
            'Credentials, keyed by the same provider id as the settings. Encrypted and never returned; a PATCH replaces them as a whole.',
        },
      ),
      network: Type.Optional(networkSchema),
    },
    { $id: 'ConnectionRequest', additionalProperties: false, description: 'Provider account to connect.' },
  )
  const ConnectionPatch = Type.Object(
    {
      name: Type.Optional(ConnectionRequest.properties.name),
      held: Type.Optional(
        Type.Boolean({
          description: '`true` suspends all calls over the connection until set to `false`; its workloads wait.',
        }),
      ),
      settings: Type.Optional(
        Type.Object(byProvider('Settings', patched, 'Patch'), {
          ...exactlyOneProvider,
          title: 'SettingsByProviderPatch',
          description: 'Settings to change, keyed by provider id.',
        }),
      ),
      credentials: Type.Optional(
        Type.Object(
          byProvider('Credentials', (provider) => provider.credentials),
          {
            ...exactlyOneProvider,
            title: 'CredentialsByProvider',
            description: 'New credentials, keyed by provider id. Replaced as a whole.',
          },
        ),
      ),
      network: Type.Optional(networkPatchSchema),
    },
    {
      $id: 'ConnectionPatch',
      additionalProperties: false,
      minProperties: 1,
      description:
        'Changes to a connection: name, hold, credentials (replaced as a whole), network and non-identifying settings. `null` removes a setting or resets it to its default. Settings that determine which hosts receive the credentials can change only together with new credentials.',
    },
  )
  const Connection = Type.Object(
    {
      id: idSchema('connection', 'Connection id.'),
      provider: Type.String({ description: 'Provider id.' }),
      name: Type.String({ description: 'Connection name.' }),
      settings: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
        description: 'Settings with defaults applied, keyed by provider id.',
      }),
      discovered: Type.Optional(
        Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
          description:
            'What the last successful verification found that the settings leave open, such as the version of the API, keyed by provider id.',
        }),
      ),
      network: Type.Optional(networkViewSchema),
      version: Type.Integer({ description: 'Version, incremented by each change; also its `ETag`.' }),
      held: Type.Boolean({ description: 'Whether an operator suspended all calls over the connection.' }),
      pausedUntil: Type.Optional(
        Type.String({ format: 'date-time', description: 'Paused until; workloads of the connection wait.' }),
      ),
      pauseReason: Type.Optional(Type.String({ description: 'Reason of the pause. Extensible; expect new values.' })),
      verifiedAt: Type.Optional(Type.String({ format: 'date-time', description: 'Last verified at.' })),
      createdAt: Type.String({ format: 'date-time', description: 'Created at.' }),
      updatedAt: Type.String({ format: 'date-time', description: 'Updated at.' }),
    },
    { $id: 'Connection', description: 'Connection to a provider account. Credentials are never returned.' },
  )
  return {
    ConnectionRequest,
    ConnectionPatch,
    Connection,
    ConnectionPage: pageOf('Connection', 'ConnectionPage', 'A page of connections.'),
    Verification,
    ConnectionCatalog,
    OrphanReport,
  }
}

const lists = (description: string) =>
  Type.Optional(Type.Record(Type.String(), Type.Array(Type.Record(Type.String(), Type.Unknown())), { description }))
const ConnectionCatalog = Type.Object(
  { job: lists('Lists for jobs, by name.'), environment: lists('Lists for environments, by name.') },
  { $id: 'ConnectionCatalog', description: 'Catalog of the provider by kind: flavors, images, queues and similar.' },
)

const OrphanReport = Type.Object(
  {
    orphans: Type.Array(
      Type.Object(
        {
          kind: Type.String({ description: '`job` or `environment`.' }),
          remoteId: Type.String({ description: 'Id at the provider.' }),
          name: Type.Optional(Type.String({ description: 'Name at the provider.' })),
          state: Type.String({ description: 'Raw provider state.' }),
          correlationTag: Type.String({ description: 'Correlation tag on the object.' }),
        },
        { description: 'Orphaned remote object.' },
      ),
      { description: 'Orphaned objects.' },
    ),
    isComplete: Type.Boolean({
      description: 'Whether all provider lists were read completely; `false` if the scan was truncated.',
    }),
  },
  { $id: 'OrphanReport', description: 'Orphaned remote objects.' },
)

const Verification = Type.Object(
  {
    ok: Type.Boolean({ description: 'Whether the provider accepted the credentials.' }),
    code: Type.Optional(Type.String({ description: 'Error code, if the verification failed.' })),
    message: Type.Optional(Type.String({ description: 'Error message, if the verification failed.' })),
    field: Type.Optional(
      Type.String({
        description:
          'Invalid setting or credential, if known, such as `credentials.secretKey`. `EGRESS_PROXY` is a setting of the installation.',
      }),
    ),
  },
  { $id: 'Verification', description: 'Verification result.' },
)

export const connectionQuery = Type.Object(
  {
    provider: Type.Optional(Type.String({ maxLength: 32, description: 'Filter by provider id.' })),
    limit: Type.Optional(limitQuery),
    cursor: Type.Optional(cursorQuery),
  },
  { additionalProperties: false },
)

function closed(schema: TObject): TObject {
  return Type.Object(schema.properties, { ...schema, additionalProperties: false })
}

/** Properties with a default are optional. */
function lenient(schema: TObject): TObject {
  const properties = Object.entries(schema.properties).map(([name, property]) => [
    name,
    property.default === undefined ? property : Type.Optional(property),
  ])
  const required = (schema.required ?? []).filter((name) => schema.properties[name]?.default === undefined)
  return { ...Type.Object(Object.fromEntries(properties)), required }
}

/** All settings are optional; null removes those that a new connection does not require. */
function patched({ settings, endpointSettings }: ConnectableProvider): TObject {
  const properties = Object.entries(settings.properties).map(([name, property]) => {
    const isRequired = property.default === undefined && settings.required?.includes(name) === true
    const schema = isRequired ? property : nullable(property)
    const guarded = endpointSettings.includes(name)
      ? withNote(schema, 'Changes only together with new credentials.')
      : schema
    return [name, Type.Optional(guarded)] as const
  })
  return Type.Object(Object.fromEntries(properties), { additionalProperties: false })
}

function withNote(schema: TSchema, note: string): TSchema {
  return { ...schema, description: `${schema.description ?? ''} ${note}`.trim() }
}
