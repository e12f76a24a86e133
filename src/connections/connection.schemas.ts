import { type TObject, type TSchema, Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { idSchema } from '../vocabulary/ids.ts'

/** The parts of a provider that a connection's schema is made of. */
export interface ConnectableProvider {
  id: string
  settings: TObject
  credentials: TObject
  endpointSettings: readonly string[]
}

const exactlyOneProvider = { additionalProperties: false, minProperties: 1, maxProperties: 1 }

/** One optional closed object per provider, exactly one of them given: no `oneOf`, so that generated clients stay simple. */
export function makeConnectionSchemas(providers: readonly ConnectableProvider[]) {
  const byProvider = (pick: (provider: ConnectableProvider) => TObject) =>
    Object.fromEntries(providers.map((provider) => [provider.id, Type.Optional(closed(pick(provider)))]))
  const settings = (minProperties: number) =>
    Type.Object(
      byProvider((provider) => lenient(provider.settings)),
      { additionalProperties: false, minProperties, maxProperties: 1, description: 'By provider id.' },
    )
  const ConnectionRequest = Type.Object(
    {
      name: Type.String({
        minLength: 1,
        maxLength: 64,
        pattern: '^[A-Za-z0-9_][A-Za-z0-9_. -]*$',
        description: 'Unique in the project.',
      }),
      settings: settings(1),
      credentials: Type.Object(
        byProvider((provider) => provider.credentials),
        {
          additionalProperties: false,
          minProperties: 1,
          maxProperties: 1,
          description: 'By the same provider id. Encrypted, never shown again.',
        },
      ),
    },
    { $id: 'ConnectionRequest', additionalProperties: false, description: 'An account at a provider.' },
  )
  const ConnectionPatch = Type.Object(
    {
      name: Type.Optional(ConnectionRequest.properties.name),
      held: Type.Optional(
        Type.Boolean({ description: 'true: nothing is sent over it until this is false again; its workloads wait.' }),
      ),
      settings: Type.Optional(Type.Object(byProvider(patched), exactlyOneProvider)),
      credentials: Type.Optional(
        Type.Object(
          byProvider((provider) => provider.credentials),
          exactlyOneProvider,
        ),
      ),
    },
    {
      $id: 'ConnectionPatch',
      additionalProperties: false,
      minProperties: 1,
      description:
        'What can be changed: the name, a hold, the credentials as a whole, and settings that do not decide where its objects live. null removes a setting; one with a default goes back to it. Settings that decide which hosts receive the credentials change only together with new credentials.',
    },
  )
  const Connection = Type.Object(
    {
      id: idSchema('connection', 'The connection.'),
      provider: Type.String(),
      name: Type.String(),
      settings: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
        description: 'By provider id, with defaults filled in.',
      }),
      version: Type.Integer(),
      held: Type.Boolean({ description: 'Nothing is sent over it.' }),
      pausedUntil: Type.Optional(
        Type.String({ format: 'date-time', description: 'No call before this; its workloads wait.' }),
      ),
      pauseReason: Type.Optional(Type.String()),
      verifiedAt: Type.Optional(
        Type.String({ format: 'date-time', description: 'When its credentials last worked in a check.' }),
      ),
      createdAt: Type.String({ format: 'date-time' }),
      updatedAt: Type.String({ format: 'date-time' }),
    },
    { $id: 'Connection', description: 'An account at a provider. Credentials are never part of it.' },
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

const lists = Type.Record(Type.String(), Type.Array(Type.Record(Type.String(), Type.Unknown())))
const ConnectionCatalog = Type.Object(
  { job: Type.Optional(lists), environment: Type.Optional(lists) },
  { $id: 'ConnectionCatalog', description: "By kind, the provider's own lists." },
)

const OrphanReport = Type.Object(
  {
    orphans: Type.Array(
      Type.Object({
        kind: Type.String(),
        remoteId: Type.String(),
        name: Type.Optional(Type.String()),
        state: Type.String(),
        mark: Type.String(),
      }),
    ),
    isComplete: Type.Boolean({ description: 'False: the list is longer than what was read.' }),
  },
  { $id: 'OrphanReport', description: 'What carries our mark and belongs to no live record.' },
)

const Verification = Type.Object(
  {
    ok: Type.Boolean(),
    code: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
    field: Type.Optional(
      Type.String({
        description: 'The setting or credential that is wrong, where the provider tells: `credentials.secretKey`.',
      }),
    ),
  },
  { $id: 'Verification', description: 'Whether the provider takes the credentials.' },
)

export const connectionQuery = Type.Object(
  {
    provider: Type.Optional(Type.String({ maxLength: 32 })),
    limit: Type.Optional(limitQuery),
    cursor: Type.Optional(cursorQuery),
  },
  { additionalProperties: false },
)

function closed(schema: TObject): TObject {
  return Type.Object(schema.properties, { ...schema, additionalProperties: false })
}

/** What has a default need not be sent. */
function lenient(schema: TObject): TObject {
  const properties = Object.entries(schema.properties).map(([name, property]) => [
    name,
    property.default === undefined ? property : Type.Optional(property),
  ])
  const required = (schema.required ?? []).filter((name) => schema.properties[name]?.default === undefined)
  return { ...Type.Object(Object.fromEntries(properties)), required }
}

/** Every setting may be left out, and null removes those that a new connection does not need either. */
function patched({ settings, endpointSettings }: ConnectableProvider): TObject {
  const properties = Object.entries(settings.properties).map(([name, property]) => {
    const isNeeded = property.default === undefined && settings.required?.includes(name) === true
    const schema = isNeeded ? property : nullable(property)
    const guarded = endpointSettings.includes(name) ? withNote(schema, 'Changes only with new credentials.') : schema
    return [name, Type.Optional(guarded)] as const
  })
  return Type.Object(Object.fromEntries(properties), { additionalProperties: false })
}

/** No `anyOf`, so that generated clients stay simple. */
function nullable(schema: TSchema): TSchema {
  const { default: _, ...rest } = schema
  const values = rest.enum === undefined ? {} : { enum: [...rest.enum, null] }
  return Type.Unsafe({ ...rest, ...values, type: [rest.type, 'null'] })
}

function withNote(schema: TSchema, note: string): TSchema {
  return { ...schema, description: `${schema.description ?? ''} ${note}`.trim() }
}
