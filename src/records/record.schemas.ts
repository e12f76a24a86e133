import { type TObject, type TSchema, Type } from '@sinclair/typebox'
import { ProviderFailure } from '../http/problem.ts'
import { capitalized } from '../vocabulary/capitalized.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { mapOf } from '../vocabulary/map-of.ts'
import { isContainer, nullable, patchable } from '../vocabulary/nullable.ts'
import { Labels, labelKeyPattern } from '../vocabulary/spec.ts'

/** Schemas that both kinds share. */

const time = (description: string) => Type.String({ format: 'date-time', description })
const optionalTime = (description: string) => Type.Optional(time(description))
const identifier = (description: string) => Type.String({ pattern: '^[a-z][a-z0-9_]*$', description })

/** Target and name of a request. */
export const requestTarget = {
  connectionId: Type.Optional(idSchema('connection', 'Connection to use.')),
  provider: Type.Optional(
    Type.String({
      pattern: '^[a-z][a-z0-9]{1,31}$',
      description:
        'Provider id. Alternative to `connectionId` if the project has exactly one connection to this provider.',
    }),
  ),
  labels: Type.Optional(Labels),
}

/** `providerOptions`: one optional closed object per provider, at most one of them. */
export function providerOptionsSchema(
  kind: 'Job' | 'Environment',
  options: Readonly<Record<string, TObject>>,
  { isPartial = false } = {},
) {
  const differs = isPartial && Object.values(options).some(differsInPatch)
  const title = `${kind}Options${differs ? 'Patch' : ''}`
  const byProvider = Object.fromEntries(
    Object.entries(options).map(([provider, schema]) => [
      provider,
      Type.Optional(optionsOf(provider, schema, { title: capitalized(provider) + title, isPartial })),
    ]),
  )
  return {
    providerOptions: Type.Optional(
      Type.Object(byProvider, {
        additionalProperties: false,
        maxProperties: 1,
        title,
        description: 'Provider-specific options, keyed by provider id.',
      }),
    ),
  }
}

function optionsOf(
  provider: string,
  schema: TObject,
  { title, isPartial }: { title: string; isPartial: boolean },
): TObject {
  const about = { title, description: `Options of ${provider}.` }
  if (!isPartial) return { ...schema, ...about }
  return Type.Object(patchable(schema.properties), { additionalProperties: false, ...about })
}

function differsInPatch({ properties, required = [] }: TObject): boolean {
  return required.length > 0 || Object.values(properties).some(isContainer)
}

export const Problem = Type.Object(
  {
    pointer: Type.String({ description: 'JSON pointer into the request.' }),
    code: Type.String({ description: 'Error code of the field.' }),
    detail: Type.String({ description: 'What is wrong and how to correct it.' }),
  },
  { title: 'FieldError', description: 'Validation error of a field.' },
)

export const WorkloadErrorSchema = Type.Object(
  {
    code: identifier('Error code. Extensible; expect new values.'),
    message: Type.String({ description: 'Human-readable message.' }),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
    errors: Type.Optional(
      Type.Array(Problem, { description: 'Request fields that the provider rejected, if reported.' }),
    ),
    provider: Type.Optional(ProviderFailure),
  },
  { title: 'Failure', description: 'Error details.' },
)

/** Fields of a record other than its request. */
export function recordFields(status: TSchema, actions: readonly string[]) {
  return {
    provider: Type.String({ description: 'Provider id.' }),
    connectionId: idSchema('connection', 'Connection used.'),
    labels: Labels,
    held: Type.Optional(Type.Boolean({ description: '`true` while provider calls for the record are suspended.' })),
    version: Type.Integer({ description: 'Version of the record, incremented by each change; also its `ETag`.' }),
    status,
    statusReason: Type.Optional(identifier('Machine-readable reason of the status. Extensible; expect new values.')),
    statusMessage: Type.Optional(Type.String({ description: 'Human-readable reason.' })),
    statusChangedAt: time('Last status change at.'),
    actions: Type.Array(Type.Unsafe<string>({ type: 'string', enum: actions }), {
      description: 'Currently allowed actions.',
    }),
    nextAttemptAt: optionalTime('Time of the next attempt.'),
    createdAt: time('Created at.'),
    updatedAt: time('Updated at.'),
    dispatchedAt: optionalTime('Accepted by the provider at.'),
    startedAt: optionalTime('Started at.'),
    endedAt: optionalTime('Ended at.'),
    exitCode: Type.Optional(Type.Integer({ description: 'Exit code of the program.' })),
    signal: Type.Optional(Type.Integer({ description: 'Number of the signal that ended the program.' })),
    error: Type.Optional(WorkloadErrorSchema),
    tasks: Type.Optional(
      Type.Array(
        Type.Object(
          {
            id: Type.String({ description: 'Task id.' }),
            name: Type.String({ description: 'Task name.' }),
            remoteId: Type.Optional(Type.String({ description: 'Id of the task at the provider.' })),
            status: Type.Optional(Type.String({ description: 'Status of the task.' })),
            exitCode: Type.Optional(Type.Integer({ description: 'Exit code of the task.' })),
            logUrl: Type.Optional(Type.String({ description: 'URL of the task log.' })),
          },
          { title: 'Task', description: 'Task of the job, such as one node.' },
        ),
        { description: 'Tasks of the job, if the provider reports them.' },
      ),
    ),
    remote: Type.Optional(
      Type.Object(
        {
          id: Type.Optional(Type.String({ description: 'Id at the provider.' })),
          name: Type.Optional(Type.String({ description: 'Name at the provider.' })),
          state: Type.Optional(Type.String({ description: 'Raw provider state.' })),
        },
        { title: 'RemoteObject', description: 'Object at the provider.' },
      ),
    ),
    result: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Provider-specific results, keyed by provider id.' }),
    ),
  }
}

/** Fields of a PATCH that every kind has. */
export const patchFields = {
  labels: Type.Optional(
    nullable(
      mapOf(labelKeyPattern, Type.Union([Type.String({ maxLength: 128 }), Type.Null()]), {
        maxProperties: 64,
        description:
          'Labels to merge; `null` removes a label, and in place of the map all labels. Keys have up to 63 lower-case letters, digits, `.`, `_` and `-`, such as `team`.',
      }),
    ),
  ),
  description: Type.Optional(Type.String({ maxLength: 512, description: 'Free-form description.' })),
  held: Type.Optional(
    Type.Boolean({ description: '`true` suspends all provider calls for the record until set to `false`.' }),
  ),
}

export const AttemptSchema = Type.Object(
  {
    number: Type.Integer({ description: 'Number of the attempt, starting at 1.' }),
    correlationTag: Type.String({ description: 'Correlation tag on the remote object.' }),
    scope: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Target scope at the provider: base URL, account and region.',
    }),
    startedAt: time('Started at.'),
    sendBy: time('Send deadline: nothing is sent after this time.'),
    endedAt: optionalTime('Completed at.'),
    outcome: Type.Optional(
      identifier(
        'Outcome: `created`, `recovered` (found by its correlation tag), `rejected`, `not_sent`, `not_created` or `unknown`. Absent while in progress.',
      ),
    ),
    remoteId: Type.Optional(Type.String({ description: 'Id of the created object at the provider.' })),
    error: Type.Optional(WorkloadErrorSchema),
  },
  { $id: 'Attempt', description: 'Creation attempt of the remote object.' },
)

export const RemotePayload = Type.Object(
  {
    observedAt: optionalTime('Observed at.'),
    id: Type.Optional(Type.String({ description: 'Id at the provider.' })),
    state: Type.Optional(Type.String({ description: 'Raw provider state.' })),
    payload: Type.Unknown({
      description:
        'Raw provider payload, redacted. Fields that the provider omits from lists are kept from the last detail response.',
    }),
  },
  { $id: 'RemotePayload', description: 'Latest provider payload.' },
)
