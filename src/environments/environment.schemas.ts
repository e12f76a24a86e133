import { type TObject, Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { workloadQuery } from '../records/list-query.schemas.ts'
import { patchFields, providerOptionsSchema, recordFields, requestTarget } from '../records/record.schemas.ts'
import { environmentTransitions } from '../vocabulary/environment.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { patchable } from '../vocabulary/nullable.ts'
import { environmentFields, secretFields, secretNameFields } from '../vocabulary/spec.ts'
import { statusesOf } from '../vocabulary/transitions.ts'

/** Schemas of environments. Provider options are passed in, so nothing here knows a provider. */
export function makeEnvironmentSchemas(options: Readonly<Record<string, TObject>>) {
  const request = {
    ...requestTarget,
    ...environmentFields,
    ...secretFields,
    ...providerOptionsSchema('Environment', options),
  }
  const status = Type.Unsafe<string>({
    type: 'string',
    enum: statusesOf(environmentTransitions),
    'x-closed': true,
    description: 'Status.',
  })
  const EnvironmentRequest = Type.Object(request, {
    $id: 'EnvironmentRequest',
    additionalProperties: false,
    description: 'Environment to create. Requires `name`, and `connectionId` or `provider`.',
  })
  const Environment = Type.Object(
    {
      id: idSchema('environment', 'Environment id.'),
      ...recordFields(status, ['start', 'stop', 'delete', 'access']),
      requestedAction: Type.Optional(
        Type.Unsafe<string>({
          type: 'string',
          enum: ['start', 'stop', 'delete'],
          description:
            'Last requested action; absent once it is sent to the provider, rejected or no longer needed. The status changes afterwards.',
        }),
      ),
      deleteRequestedAt: Type.Optional(
        Type.String({
          format: 'date-time',
          description: 'Deletion requested at. The status changes after the request is sent to the provider.',
        }),
      ),
      imported: Type.Boolean({ description: 'Whether the environment was imported.' }),
      ...environmentFields,
      ...secretNameFields,
      ...providerOptionsSchema('Environment', options),
    },
    { $id: 'Environment', description: 'Environment: the accepted request and its current state.' },
  )
  const { name: _, ...changeable } = environmentFields
  const EnvironmentPatch = Type.Object(
    {
      ...patchable({ ...changeable, ...secretFields }),
      ...patchFields,
      ...providerOptionsSchema('Environment', options, { isPartial: true }),
    },
    {
      $id: 'EnvironmentPatch',
      additionalProperties: false,
      minProperties: 1,
      description:
        'Changes to an environment. Labels and description can always change, other fields if the provider supports it.',
    },
  )
  return {
    EnvironmentPatch,
    EnvironmentRequest,
    Environment,
    EnvironmentPage: pageOf('Environment', 'EnvironmentPage', 'A page of environments.'),
  }
}

export const EnvironmentResolution = Type.Object(
  {
    remoteId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'Id of the created object at the provider.' }),
    ),
    outcome: Type.Optional(
      Type.Unsafe<'not_created'>({
        type: 'string',
        enum: ['not_created'],
        description: '`not_created`: nothing was created; the create is retried.',
      }),
    ),
  },
  {
    $id: 'EnvironmentResolution',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    description: 'Operator resolution: exactly one property.',
  },
)

export const AccessSchema = Type.Object(
  {
    urls: Type.Array(
      Type.Object(
        {
          name: Type.String({ description: 'Interface name.' }),
          url: Type.String({ description: 'URL of the interface.' }),
        },
        { description: 'Interface of an environment.' },
      ),
      { description: 'URLs of the interfaces.' },
    ),
    ports: Type.Optional(
      Type.Array(
        Type.Object(
          {
            port: Type.Integer({ description: 'Port number.' }),
            protocol: Type.String({ description: 'Protocol.' }),
            url: Type.Optional(Type.String({ description: 'URL of the port, if it has one.' })),
          },
          { description: 'Exposed port of an environment.' },
        ),
        { description: 'Exposed ports.' },
      ),
    ),
    ssh: Type.Optional(
      Type.Object(
        {
          host: Type.String({ description: 'Host name or address.' }),
          port: Type.Integer({ description: 'Port number.' }),
          user: Type.Optional(Type.String({ description: 'User name.' })),
        },
        { description: 'SSH login.' },
      ),
    ),
    token: Type.Optional(Type.String({ description: 'Access token. Secret.' })),
    authorization: Type.Optional(
      Type.String({
        description:
          'Value of the `Authorization` header for requests to `urls`, if they accept the token there. Without it, browsers are asked to log in, unless the URL contains the token.',
      }),
    ),
  },
  {
    $id: 'Access',
    description: 'Access details of an environment. They contain secrets and are not stored; do not cache them.',
  },
)

export const environmentQuery = Type.Object(
  {
    ...workloadQuery(statusesOf(environmentTransitions)),
    limit: Type.Optional(limitQuery),
    cursor: Type.Optional(cursorQuery),
  },
  { additionalProperties: false },
)
