import { type TObject, type TSchema, Type } from '@sinclair/typebox'
import { idSchema } from '../vocabulary/ids.ts'
import { Labels, labelKeyPattern } from '../vocabulary/spec.ts'

/** The parts of the API's schemas that both kinds share. */

const moment = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))
const machineWord = (description: string) => Type.String({ pattern: '^[a-z][a-z0-9_]*$', description })

/** Where a request goes, and what the client files it under. */
export const requestTarget = {
  connectionId: Type.Optional(idSchema('connection', 'The connection to use.')),
  provider: Type.Optional(
    Type.String({
      pattern: '^[a-z][a-z0-9]{1,31}$',
      description: 'Instead of a connection, where the project has exactly one to this provider.',
    }),
  ),
  labels: Type.Optional(Labels),
}

/** `providerOptions`: one optional closed object per provider, one of them at a time. */
export function providerOptionsSchema(options: Readonly<Record<string, TObject>>, { isPartial = false } = {}) {
  const byProvider = Object.fromEntries(
    Object.entries(options).map(([provider, schema]) => [
      provider,
      Type.Optional(isPartial ? Type.Partial(schema, { additionalProperties: false }) : schema),
    ]),
  )
  return {
    providerOptions: Type.Optional(
      Type.Object(byProvider, {
        additionalProperties: false,
        maxProperties: 1,
        description: 'What only this provider has, by its id.',
      }),
    ),
  }
}

const ProviderOfError = Type.Object({
  id: Type.String(),
  httpStatus: Type.Optional(Type.Integer()),
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
})

const Problem = Type.Object({ pointer: Type.String(), code: Type.String(), detail: Type.String() })

const WorkloadErrorSchema = Type.Object(
  {
    code: machineWord('What went wrong. An open list.'),
    message: Type.String(),
    retryable: Type.Boolean({ description: 'The same request may succeed later.' }),
    errors: Type.Optional(
      Type.Array(Problem, { description: 'The fields of the request that the provider blames, where it tells.' }),
    ),
    provider: Type.Optional(ProviderOfError),
  },
  { description: 'Why it failed.' },
)

/** What a record shows beside its request. */
export function recordFields(status: TSchema, actions: readonly string[]) {
  return {
    provider: Type.String({ description: 'The provider.' }),
    connectionId: idSchema('connection', 'The connection it uses.'),
    labels: Labels,
    held: Type.Optional(Type.Boolean({ description: 'true: nothing is sent to the provider for it.' })),
    version: Type.Integer({ description: 'Counts changes; also the ETag.' }),
    status,
    statusReason: Type.Optional(machineWord('Why it is in this status. An open list.')),
    statusMessage: Type.Optional(Type.String({ description: 'The same for people.' })),
    statusChangedAt: Type.String({ format: 'date-time' }),
    actions: Type.Array(Type.Unsafe<string>({ type: 'string', enum: actions }), {
      description: 'What can be asked of it now.',
    }),
    nextAttemptAt: moment('When the provider is tried again.'),
    createdAt: Type.String({ format: 'date-time' }),
    updatedAt: Type.String({ format: 'date-time' }),
    dispatchedAt: moment('When the provider took it.'),
    startedAt: moment('When it began to run.'),
    endedAt: moment('When it ended.'),
    exitCode: Type.Optional(Type.Integer()),
    signal: Type.Optional(Type.Integer()),
    error: Type.Optional(WorkloadErrorSchema),
    tasks: Type.Optional(
      Type.Array(
        Type.Object({
          id: Type.String(),
          name: Type.String(),
          remoteId: Type.Optional(Type.String()),
          status: Type.Optional(Type.String()),
          exitCode: Type.Optional(Type.Integer()),
          logUrl: Type.Optional(Type.String()),
        }),
      ),
    ),
    remote: Type.Optional(
      Type.Object(
        {
          id: Type.Optional(Type.String()),
          name: Type.Optional(Type.String()),
          state: Type.Optional(Type.String({ description: "The provider's own word." })),
        },
        { description: 'The object at the provider.' },
      ),
    ),
    result: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: "The provider's own results, by its id." }),
    ),
  }
}

/** The filters of a list. Query values are text; a repeated one is a list. */
export function workloadQuery(statuses: readonly string[]) {
  return {
    status: Type.Optional(
      Type.Array(Type.Unsafe<string>({ type: 'string', enum: statuses }), {
        maxItems: 20,
        description: 'In one of these statuses; repeat it for several.',
      }),
    ),
    label: Type.Optional(
      // A value may hold line breaks, which a dot does not match.
      Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}:[\\s\\S]{0,128}$' }), {
        maxItems: 8,
        description: '`key:value`; repeat it for several, all must hold.',
      }),
    ),
    provider: Type.Optional(Type.String({ maxLength: 32 })),
    connectionId: Type.Optional(idSchema('connection', 'Over this connection.')),
    remoteId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'With this id at the provider.' }),
    ),
    active: Type.Optional(
      Type.Boolean({
        description: 'true: not ended. false: ended, which an environment whose creation failed has too.',
      }),
    ),
    namePrefix: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'Name begins so; the list is then ordered by name.' }),
    ),
    createdAfter: Type.Optional(Type.String({ format: 'date-time' })),
    createdBefore: Type.Optional(Type.String({ format: 'date-time' })),
    ids: Type.Optional(
      Type.Array(Type.String({ maxLength: 64 }), {
        minItems: 1,
        maxItems: 100,
        description: 'These records; repeat it for several.',
      }),
    ),
    order: Type.Optional(
      Type.Unsafe<'asc' | 'desc'>({
        type: 'string',
        enum: ['asc', 'desc'],
        default: 'desc',
        description: 'By creation.',
      }),
    ),
    view: Type.Optional(
      Type.Unsafe<'basic' | 'full'>({
        type: 'string',
        enum: ['basic', 'full'],
        default: 'basic',
        description: 'full: with the long fields of the request.',
      }),
    ),
  }
}

/** The part of a PATCH that every kind has; null removes a label. */
export const patchFields = {
  labels: Type.Optional(
    Type.Record(Type.String({ pattern: labelKeyPattern }), Type.Union([Type.String({ maxLength: 128 }), Type.Null()]), {
      maxProperties: 64,
      additionalProperties: false,
      description: 'Merged into the labels; null removes one.',
    }),
  ),
  description: Type.Optional(Type.String({ maxLength: 512, description: 'Free text.' })),
  held: Type.Optional(
    Type.Boolean({ description: 'true: nothing is sent to the provider for it until this is false again.' }),
  ),
}

export const AttemptSchema = Type.Object(
  {
    number: Type.Integer(),
    correlationTag: Type.String({ description: 'What the remote object carries, so that it is found again.' }),
    scope: Type.Record(Type.String(), Type.Unknown(), { description: 'Where it was to be created.' }),
    startedAt: Type.String({ format: 'date-time' }),
    sendBy: Type.String({ format: 'date-time', description: 'Nothing was sent after this.' }),
    endedAt: moment('When its outcome was known.'),
    outcome: Type.Optional(
      machineWord('created, recovered, rejected, not_sent, not_created, unknown. None yet: under way.'),
    ),
    remoteId: Type.Optional(Type.String()),
    error: Type.Optional(WorkloadErrorSchema),
  },
  { $id: 'Attempt', description: 'One try to create the remote object.' },
)

export const RemotePayload = Type.Object(
  {
    observedAt: moment('When the provider said so.'),
    id: Type.Optional(Type.String()),
    state: Type.Optional(Type.String()),
    payload: Type.Unknown({
      description:
        "The provider's own words, secrets removed. Parts that its list leaves out are as the details last showed them.",
    }),
  },
  { $id: 'RemotePayload', description: 'What the provider showed last.' },
)

export const Preview = Type.Object(
  {
    valid: Type.Boolean({ description: 'It would be accepted.' }),
    problems: Type.Array(Problem),
    effectiveRequest: Type.Record(Type.String(), Type.Unknown(), {
      description: 'The request with what is filled in.',
    }),
    request: Type.Optional(
      Type.Object(
        {
          method: Type.String(),
          url: Type.String(),
          headers: Type.Optional(Type.Record(Type.String(), Type.String())),
          body: Type.Optional(Type.Unknown()),
        },
        {
          description:
            "The provider's request as it would be sent; authentication and secrets left out, the mark an example, and `remote-id-of-env_…` for an environment that is not made yet.",
        },
      ),
    ),
  },
  { $id: 'Preview', description: 'What would become of a request. Nothing is stored or sent.' },
)
