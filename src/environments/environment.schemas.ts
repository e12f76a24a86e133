import { type TObject, Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { environmentTransitions } from '../vocabulary/environment.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { environmentFields, Labels, namePattern, secretFields, secretNameFields } from '../vocabulary/spec.ts'
import { statusesOf } from '../vocabulary/transitions.ts'
import {
  patchFields,
  providerOptionsSchema,
  recordFields,
  requestTarget,
  workloadQuery,
} from '../workloads/workload.schemas.ts'

/** The schemas of environments. The options of each provider are handed in: nothing here knows a provider. */
export function makeEnvironmentSchemas(options: Readonly<Record<string, TObject>>) {
  const request = { ...requestTarget, ...environmentFields, ...secretFields, ...providerOptionsSchema(options) }
  const status = Type.Unsafe<string>({ type: 'string', enum: statusesOf(environmentTransitions) })
  const EnvironmentRequest = Type.Object(request, {
    $id: 'EnvironmentRequest',
    additionalProperties: false,
    description: 'An environment to make. Only `name` is always required.',
  })
  const Environment = Type.Object(
    {
      id: idSchema('environment', 'The environment.'),
      ...recordFields(status, ['start', 'stop', 'delete', 'access']),
      requestedAction: Type.Optional(
        Type.Unsafe<string>({
          type: 'string',
          enum: ['start', 'stop', 'delete'],
          description:
            'Action that was requested last; absent once it is sent to the provider, rejected, or not needed. The status follows.',
        }),
      ),
      deleteRequestedAt: Type.Optional(
        Type.String({
          format: 'date-time',
          description: 'When its deletion was requested. The status follows once the provider has been told.',
        }),
      ),
      imported: Type.Boolean({ description: 'It existed before Switchyard knew of it.' }),
      ...environmentFields,
      ...secretNameFields,
      ...providerOptionsSchema(options),
    },
    { $id: 'Environment', description: 'An environment: the request as accepted, and what has become of it.' },
  )
  const { name: _, ...changeable } = environmentFields
  const EnvironmentPatch = Type.Object(
    { ...changeable, ...secretFields, ...patchFields, ...providerOptionsSchema(options, { isPartial: true }) },
    {
      $id: 'EnvironmentPatch',
      additionalProperties: false,
      minProperties: 1,
      description:
        'What can be changed on an environment: labels and description always, the rest where its provider can.',
    },
  )
  return {
    EnvironmentPatch,
    EnvironmentRequest,
    Environment,
    EnvironmentPage: pageOf('Environment', 'EnvironmentPage', 'A page of environments.'),
  }
}

export const EnvironmentImport = Type.Object(
  {
    connectionId: idSchema('connection', 'The connection that sees it.'),
    remoteId: Type.String({ minLength: 1, maxLength: 512, description: "The object's id at the provider." }),
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        pattern: namePattern,
        description: "Default: the provider's name of it.",
      }),
    ),
    labels: Type.Optional(Labels),
  },
  {
    $id: 'EnvironmentImport',
    additionalProperties: false,
    description: 'An object that exists at the provider already.',
  },
)

export const EnvironmentResolution = Type.Object(
  {
    remoteId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'This object at the provider is it.' }),
    ),
    outcome: Type.Optional(
      Type.Unsafe<'not_created'>({
        type: 'string',
        enum: ['not_created'],
        description: 'None was made; it is sent again.',
      }),
    ),
  },
  {
    $id: 'EnvironmentResolution',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    description: 'What an operator found out: one of these.',
  },
)

export const AccessSchema = Type.Object(
  {
    urls: Type.Array(Type.Object({ name: Type.String(), url: Type.String() })),
    ports: Type.Optional(
      Type.Array(Type.Object({ port: Type.Integer(), protocol: Type.String(), url: Type.Optional(Type.String()) })),
    ),
    ssh: Type.Optional(Type.Object({ host: Type.String(), port: Type.Integer(), user: Type.Optional(Type.String()) })),
    token: Type.Optional(Type.String()),
    authorization: Type.Optional(
      Type.String({
        description:
          'The header `Authorization` for requests to `urls`, where they take the token so. A browser that opens them without it is asked to log in, unless the token stands in the URL.',
      }),
    ),
  },
  { $id: 'Access', description: 'The ways into an environment. Secrets: not stored here, not to be cached.' },
)

export const environmentQuery = Type.Object(
  {
    ...workloadQuery(statusesOf(environmentTransitions)),
    limit: Type.Optional(limitQuery),
    cursor: Type.Optional(cursorQuery),
  },
  { additionalProperties: false },
)
