import { type Static, type TSchema, Type } from '@sinclair/typebox'
import type { JsonObject } from '../vocabulary/json.ts'

/** Schemas of provider descriptions; the types are derived from them. */

const refTo = <S extends TSchema>(schema: S) => Type.Unsafe<Static<S>>(Type.Ref(schema.$id ?? ''))
const strings = (description: string) => Type.Array(Type.String(), { description })
const jsonSchema = (description: string) =>
  Type.Unsafe<JsonObject>({ type: 'object', additionalProperties: true, description })
const enforcer = (description: string) =>
  Type.Optional(
    Type.Unsafe<'provider' | 'switchyard'>({ type: 'string', enum: ['provider', 'switchyard'], description }),
  )

export const ProviderField = Type.Object(
  {
    path: Type.String({
      description: 'Path of the request field. For lists, the path of an item.',
      examples: ['resources.accelerator.count'],
    }),
    to: Type.Optional(
      Type.String({ description: 'Name of the provider field; absent if the value is not sent unchanged.' }),
    ),
    required: Type.Boolean({ description: 'Whether the field is required.' }),
    mutable: Type.Boolean({ description: 'Whether PATCH can change it on existing objects.' }),
    pattern: Type.Optional(
      Type.String({ description: 'Regular expression that the string, or each string of a list, must match.' }),
    ),
    minLength: Type.Optional(Type.Integer({ description: 'Minimum length in characters.' })),
    maxLength: Type.Optional(Type.Integer({ description: 'Maximum length in characters.' })),
    minimum: Type.Optional(Type.Number({ description: 'Minimum value.' })),
    maximum: Type.Optional(Type.Number({ description: 'Maximum value.' })),
    maxItems: Type.Optional(Type.Integer({ description: 'Maximum number of items.' })),
    values: Type.Optional(
      Type.Array(Type.Unsafe<string | number | boolean>({}), {
        description: 'Allowed values: strings, numbers or booleans.',
      }),
    ),
    default: Type.Optional(Type.Unknown({ description: 'Value sent if the field is absent.' })),
    note: Type.Optional(Type.String({ description: 'Additional constraint in words.' })),
  },
  { $id: 'ProviderField', description: 'Request field that the provider supports.' },
)

const summaryFields = {
  actions: strings('Supported actions on existing objects: `cancel`, `start`, `stop`, `delete`.'),
  capabilities: Type.Object(
    {
      logs: Type.Boolean({ description: 'Supports reading logs.' }),
      logTimestamps: Type.Boolean({ description: 'Supports reading logs with the time of each line.' }),
      access: Type.Boolean({ description: 'Supports access details: URLs, ports and tokens.' }),
      catalog: Type.Boolean({ description: 'Supports the catalog of flavors, images and queues.' }),
      update: Type.Boolean({ description: 'Supports updates of existing objects.' }),
      dryRun: Type.Boolean({ description: 'Supports previews that ask the provider.' }),
      import: Type.Boolean({ description: 'Supports imports of existing objects.' }),
    },
    { title: 'Capabilities', description: 'Optional operations.' },
  ),
  environment: Type.Unsafe<'required' | 'optional' | 'none'>({
    type: 'string',
    enum: ['required', 'optional', 'none'],
    description:
      'How jobs use environments. `required`: the job runs inside one. `optional`: the job waits until the environment runs and runs beside it. `none`: `environmentId` is not supported.',
  }),
  timeLimit: enforcer('Who enforces `timeLimitSeconds`; absent if not supported.'),
  autoStop: enforcer('Who enforces `autoStop`; absent if not supported.'),
}

export const ProviderKindSummary = Type.Object(summaryFields, {
  $id: 'ProviderKindSummary',
  description: 'Capabilities of a provider for jobs or environments.',
})

export const ProviderKind = Type.Object(
  {
    ...summaryFields,
    fields: Type.Array(refTo(ProviderField), {
      description: 'Supported fields. Other fields return 422 and are never ignored.',
    }),
    options: Type.Optional(jsonSchema('JSON schema of `providerOptions.<provider>`; absent if none.')),
    mutableOptions: strings('Options that PATCH can change on existing objects.'),
    states: Type.Array(
      Type.Object(
        {
          raw: Type.String({ description: 'Raw provider state.' }),
          status: Type.String({ description: 'Status of the record.' }),
        },
        { description: 'Provider state and its status.' },
      ),
      {
        description: 'Mapping of provider states to statuses. Unknown states are ignored.',
      },
    ),
    exclusiveEnvironment: Type.Boolean({ description: 'Whether an environment runs one job at a time.' }),
    uniqueNames: Type.Boolean({ description: 'Whether names are unique at the provider.' }),
    deletableIn: Type.Optional(
      strings('Deletable statuses; in other statuses the object is stopped first. Absent if deletable in any status.'),
    ),
    createRecovery: Type.Object(
      {
        tagLength: Type.Integer({ description: 'Length of the correlation tag in characters.' }),
        tagField: Type.Optional(
          Type.String({ description: 'Provider field that carries the correlation tag; absent if none does.' }),
        ),
        listConsistencyLagMs: Type.Integer({
          description: 'List consistency lag: time until a created object appears in lists.',
        }),
        maxProcessingMs: Type.Integer({
          description: 'Maximum processing time of a request after the client timed out.',
        }),
        retentionMs: Type.Optional(
          Type.Integer({ description: 'Retention of finished work at the provider; absent if unlimited.' }),
        ),
        reusesIds: Type.Boolean({ description: 'Whether the provider reuses ids.' }),
      },
      { description: 'Recovery of creates with an unknown outcome.' },
    ),
  },
  { $id: 'ProviderKind', description: 'Full capabilities of a provider for jobs or environments.' },
)

const perKind = <S extends TSchema>(schema: S, title: string) =>
  Type.Object(
    { job: Type.Optional(refTo(schema)), environment: Type.Optional(refTo(schema)) },
    { title, description: 'Capabilities by kind; absent if the kind is not supported.' },
  )

const variant = <S extends TSchema>(schema: S, kinds: string) =>
  Type.Object(
    {
      settings: Type.Record(Type.String(), Type.String(), {
        description: 'Connection setting that selects this variant.',
        examples: [{ jobApi: 'container' }],
      }),
      kinds: perKind(schema, kinds),
    },
    { description: 'Capabilities with one value of a connection setting.' },
  )

const variants = <S extends TSchema>(schema: S, kinds: string) =>
  Type.Optional(
    Type.Array(variant(schema, kinds), {
      description: 'Variants by connection setting, for providers with several APIs. Absent if there is one API.',
    }),
  )

const names = {
  id: Type.String({ description: 'Provider id.', examples: ['dataforest'] }),
  title: Type.String({ description: 'Product name.' }),
  documentation: Type.String({ description: "URL of the vendor's API documentation." }),
}

export const ProviderSummary = Type.Object(
  {
    ...names,
    kinds: perKind(ProviderKindSummary, 'ProviderKindSummaries'),
    variants: variants(ProviderKindSummary, 'ProviderKindSummaries'),
  },
  { $id: 'ProviderSummary', description: 'Provider with a summary of its capabilities.' },
)

export const ProviderList = Type.Object(
  { data: Type.Array(refTo(ProviderSummary), { description: 'Providers.' }) },
  { $id: 'ProviderList', description: 'Supported providers.' },
)

export const ProviderSchema = Type.Object(
  {
    ...names,
    settings: jsonSchema('JSON schema of connection settings.'),
    credentials: jsonSchema('JSON schema of connection credentials.'),
    kinds: perKind(ProviderKind, 'ProviderKinds'),
    variants: variants(ProviderKind, 'ProviderKinds'),
  },
  {
    $id: 'Provider',
    description:
      'Full capabilities with example settings. Connection settings may change them: see the capabilities of the connection.',
  },
)

export const ConnectionCapabilities = Type.Object(
  { provider: Type.String({ description: 'Provider id.' }), kinds: perKind(ProviderKind, 'ProviderKinds') },
  { $id: 'ConnectionCapabilities', description: 'Capabilities with the settings of a connection.' },
)

export type FieldDescription = Static<typeof ProviderField>
export type KindDescription = Static<typeof ProviderKind>
export type VariantDescription = NonNullable<ProviderDescription['variants']>[number]
export type ProviderSummaryView = Static<typeof ProviderSummary>
export type ProviderDescription = Static<typeof ProviderSchema>
export type ConnectionDescription = Static<typeof ConnectionCapabilities>
