import { type Static, type TSchema, Type } from '@sinclair/typebox'
import type { JsonObject } from '../vocabulary/json.ts'

/** The shapes in which a provider is described. The types of the descriptions come from here too. */

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
      description: 'The field of the request. Below a list it is that of each item.',
      examples: ['resources.accelerator.count'],
    }),
    to: Type.Optional(
      Type.String({ description: "Where it goes, in the provider's words; absent: it is not sent as it is." }),
    ),
    required: Type.Boolean(),
    mutable: Type.Boolean({ description: 'Can be changed with PATCH on what exists.' }),
    pattern: Type.Optional(Type.String({ description: 'What a string, or each string of a list, must match.' })),
    minLength: Type.Optional(Type.Integer()),
    maxLength: Type.Optional(Type.Integer({ description: 'Characters that are left for the client.' })),
    minimum: Type.Optional(Type.Number()),
    maximum: Type.Optional(Type.Number()),
    maxItems: Type.Optional(Type.Integer()),
    values: Type.Optional(
      Type.Array(Type.Unsafe<string | number | boolean>({ type: ['string', 'number', 'boolean'] }), {
        description: 'The only values it takes.',
      }),
    ),
    default: Type.Optional(Type.Unknown({ description: 'What is sent where the field is absent.' })),
    note: Type.Optional(Type.String()),
  },
  { $id: 'ProviderField', description: 'A field of the request that the provider honours.' },
)

const summaryFields = {
  actions: strings('What can be done to one that exists: cancel, start, stop, delete.'),
  capabilities: Type.Object({
    logs: Type.Boolean(),
    access: Type.Boolean({ description: 'Its addresses, ports and tokens can be read.' }),
    catalog: Type.Boolean({ description: 'What there is to choose from can be listed.' }),
    update: Type.Boolean({ description: 'Something of it can be changed at the provider.' }),
  }),
  environment: Type.Unsafe<'required' | 'optional' | 'none'>({
    type: 'string',
    enum: ['required', 'optional', 'none'],
    description:
      'What `environmentId` is to a job. required: it runs inside. optional: it waits until that one runs, and runs beside it. none: refused.',
  }),
  timeLimit: enforcer('Who ends it after `timeLimitSeconds`; absent: it takes no time limit.'),
  autoStop: enforcer('Who stops it by `autoStop`; absent: it takes no such rule.'),
}

export const ProviderKindSummary = Type.Object(summaryFields, {
  $id: 'ProviderKindSummary',
  description: 'What a provider can do with jobs, or with environments.',
})

export const ProviderKind = Type.Object(
  {
    ...summaryFields,
    fields: Type.Array(refTo(ProviderField), {
      description: 'What is honoured. A field that is not here is refused with 422, never ignored.',
    }),
    options: Type.Optional(jsonSchema('The JSON schema of `providerOptions.<provider>`; absent: there are none.')),
    mutableOptions: strings('Options that can be changed with PATCH on what exists.'),
    states: Type.Array(Type.Object({ raw: Type.String(), status: Type.String() }), {
      description: "The provider's states and the status that each becomes. An unlisted one changes nothing.",
    }),
    exclusiveEnvironment: Type.Boolean({ description: 'An environment takes one open job at a time.' }),
    uniqueNames: Type.Boolean({ description: 'The provider makes no second one of the same name.' }),
    deletableIn: Type.Optional(
      strings('Statuses in which the provider takes a delete; in others it is stopped first. Absent: in any.'),
    ),
    createRecovery: Type.Object(
      {
        tagLength: Type.Integer({ description: 'Characters of the mark.' }),
        tagField: Type.Optional(
          Type.String({ description: 'Where the create carries the mark; absent: it carries none.' }),
        ),
        listConsistencyLagMs: Type.Integer({ description: "How long the provider's list may trail behind a create." }),
        maxProcessingMs: Type.Integer({
          description: 'How long the provider may still execute a request that was given up on.',
        }),
        retentionMs: Type.Optional(
          Type.Integer({ description: 'How long ended work stays findable; absent: for good.' }),
        ),
        reusesIds: Type.Boolean({ description: 'The provider gives ids out again after a while.' }),
      },
      { description: 'How a create whose outcome is not known is found again.' },
    ),
  },
  { $id: 'ProviderKind', description: 'All that a provider can do with jobs, or with environments.' },
)

const perKind = <S extends TSchema>(schema: S) =>
  Type.Object({ job: Type.Optional(refTo(schema)), environment: Type.Optional(refTo(schema)) })

const variant = <S extends TSchema>(schema: S) =>
  Type.Object({
    settings: Type.Record(Type.String(), Type.String(), {
      description: "The choice of an API by a connection's settings.",
      examples: [{ jobApi: 'container' }],
    }),
    kinds: perKind(schema),
  })

const variants = <S extends TSchema>(schema: S) =>
  Type.Optional(
    Type.Array(variant(schema), {
      description: 'The kinds that are otherwise where a connection chooses another API. Absent: there is one API.',
    }),
  )

const names = {
  id: Type.String({ examples: ['dataforest'] }),
  title: Type.String(),
  documentation: Type.String({ description: 'Where the vendor documents the API.' }),
}

export const ProviderSummary = Type.Object(
  { ...names, kinds: perKind(ProviderKindSummary), variants: variants(ProviderKindSummary) },
  { $id: 'ProviderSummary', description: 'A provider and what it can do, in short.' },
)

export const ProviderList = Type.Object(
  { data: Type.Array(refTo(ProviderSummary)) },
  { $id: 'ProviderList', description: 'Every provider that this version can talk to.' },
)

export const ProviderSchema = Type.Object(
  {
    ...names,
    settings: jsonSchema("The JSON schema of a connection's settings."),
    credentials: jsonSchema("The JSON schema of a connection's credentials."),
    kinds: perKind(ProviderKind),
    variants: variants(ProviderKind),
  },
  {
    $id: 'Provider',
    description:
      "All that a provider can do, with example settings. A connection's own settings may change it: see its capabilities.",
  },
)

export const ConnectionCapabilities = Type.Object(
  { provider: Type.String(), kinds: perKind(ProviderKind) },
  { $id: 'ConnectionCapabilities', description: 'What the provider can do with the settings of one connection.' },
)

export type FieldDescription = Static<typeof ProviderField>
export type KindDescription = Static<typeof ProviderKind>
export type VariantDescription = NonNullable<ProviderDescription['variants']>[number]
export type ProviderSummaryView = Static<typeof ProviderSummary>
export type ProviderDescription = Static<typeof ProviderSchema>
export type ConnectionDescription = Static<typeof ConnectionCapabilities>
