import { type TObject, Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { workloadQuery } from '../records/list-query.schemas.ts'
import { patchFields, providerOptionsSchema, recordFields, requestTarget } from '../records/record.schemas.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { jobTransitions } from '../vocabulary/job.ts'
import { jobFields, secretFields, secretNameFields } from '../vocabulary/spec.ts'
import { statusesOf } from '../vocabulary/transitions.ts'
import { makeJobBatchSchemas } from './job-batch.schemas.ts'

/** Schemas of jobs. Provider options are passed in, so nothing here knows a provider. */
export function makeJobSchemas(options: Readonly<Record<string, TObject>>) {
  const environmentId = idSchema(
    'environment',
    'Environment to run in or, depending on the provider, to wait for. See `environment` in GET /providers/{provider}.',
  )
  const request = {
    ...requestTarget,
    environmentId: Type.Optional(environmentId),
    ...jobFields,
    ...secretFields,
    ...providerOptionsSchema('Job', options),
  }
  const status = Type.Unsafe<string>({
    type: 'string',
    enum: statusesOf(jobTransitions),
    'x-closed': true,
    description: 'Status.',
  })
  const JobRequest = Type.Object(request, {
    $id: 'JobRequest',
    additionalProperties: false,
    description: 'Job to run. Requires `name`, and `connectionId` or `provider`.',
  })
  const Job = Type.Object(
    {
      id: idSchema('job', 'Job id.'),
      ...recordFields(status, ['cancel', 'logs']),
      environmentId: Type.Optional(environmentId),
      // Optional, since a new client may read from an instance of the previous version during an upgrade.
      imported: Type.Optional(
        Type.Boolean({ description: 'Whether the job was imported. Absent before version 0.3.0.' }),
      ),
      ...jobFields,
      ...secretNameFields,
      ...providerOptionsSchema('Job', options),
      cancelRequestedAt: Type.Optional(
        Type.String({
          format: 'date-time',
          description: 'Cancellation requested at. The status changes after the request is sent to the provider.',
        }),
      ),
    },
    { $id: 'Job', description: 'Job: the accepted request and its current state.' },
  )
  const JobPatch = Type.Object(patchFields, {
    $id: 'JobPatch',
    additionalProperties: false,
    minProperties: 1,
    description: 'Changes to a job.',
  })
  return {
    ...{ JobRequest, JobPatch, Job, JobPage: pageOf('Job', 'JobPage', 'A page of jobs.') },
    ...makeJobBatchSchemas(request),
  }
}

const resolutionFields = {
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
}
const exactlyOne = { additionalProperties: false, minProperties: 1, maxProperties: 1 }

export const JobResolution = Type.Object(
  {
    ...resolutionFields,
    status: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        enum: ['succeeded', 'failed', 'canceled'],
        description: 'Final status of a job with an unknown outcome.',
      }),
    ),
  },
  { $id: 'JobResolution', ...exactlyOne, description: 'Operator resolution: exactly one property.' },
)

export const LogChunkSchema = Type.Object(
  {
    text: Type.Optional(Type.String({ description: 'Output text, if the provider offers it.' })),
    links: Type.Array(
      Type.Object(
        { name: Type.String({ description: 'Link name.' }), url: Type.String({ description: 'Link URL.' }) },
        { description: 'Link to output of a job.' },
      ),
      {
        description: 'Links to the output.',
      },
    ),
    next: Type.Optional(Type.String({ description: 'Cursor for the next part; absent at the end.' })),
  },
  { $id: 'LogChunk', description: 'Part of the output of a job, fetched live from the provider.' },
)

export const logQuery = Type.Object(
  {
    cursor: Type.Optional(cursorQuery),
    timestamps: Type.Optional(
      Type.Boolean({
        description:
          '`true`: each line begins with the time at which the provider received it (RFC 3339, UTC) and a space. Returns 422 if the provider has no times: see `logTimestamps` of the capabilities.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const jobQuery = Type.Object(
  {
    ...workloadQuery(statusesOf(jobTransitions)),
    environmentId: Type.Optional(idSchema('environment', 'Filter by environment.')),
    limit: Type.Optional(limitQuery),
    cursor: Type.Optional(cursorQuery),
  },
  { additionalProperties: false },
)
