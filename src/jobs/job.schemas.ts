import { type TObject, Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { jobTransitions } from '../vocabulary/job.ts'
import { jobFields, secretFields, secretNameFields } from '../vocabulary/spec.ts'
import { statusesOf } from '../vocabulary/transitions.ts'
import {
  patchFields,
  providerOptionsSchema,
  recordFields,
  requestTarget,
  workloadQuery,
} from '../workloads/workload.schemas.ts'

/** The schemas of jobs. The options of each provider are handed in: nothing here knows a provider. */
export function makeJobSchemas(options: Readonly<Record<string, TObject>>) {
  const environmentId = idSchema(
    'environment',
    'The environment it runs in or, where the provider takes no jobs in one, waits for: GET /providers/{provider}.',
  )
  const request = {
    ...requestTarget,
    environmentId: Type.Optional(environmentId),
    ...jobFields,
    ...secretFields,
    ...providerOptionsSchema(options),
  }
  const status = Type.Unsafe<string>({ type: 'string', enum: statusesOf(jobTransitions) })
  const JobRequest = Type.Object(request, {
    $id: 'JobRequest',
    additionalProperties: false,
    description: 'A job to run. Only `name` is always required.',
  })
  const Job = Type.Object(
    {
      id: idSchema('job', 'The job.'),
      ...recordFields(status, ['cancel', 'logs']),
      environmentId: Type.Optional(environmentId),
      ...jobFields,
      ...secretNameFields,
      ...providerOptionsSchema(options),
      cancelRequestedAt: Type.Optional(
        Type.String({
          format: 'date-time',
          description: 'When its cancellation was requested. The status follows once the provider has been told.',
        }),
      ),
    },
    { $id: 'Job', description: 'A job: the request as accepted, and what has become of it.' },
  )
  const JobPatch = Type.Object(patchFields, {
    $id: 'JobPatch',
    additionalProperties: false,
    minProperties: 1,
    description: 'What can be changed on a job.',
  })
  return { JobRequest, JobPatch, Job, JobPage: pageOf('Job', 'JobPage', 'A page of jobs.') }
}

const resolutionFields = {
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
}
const exactlyOne = { additionalProperties: false, minProperties: 1, maxProperties: 1 }

export const JobResolution = Type.Object(
  {
    ...resolutionFields,
    status: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        enum: ['succeeded', 'failed', 'canceled'],
        description: 'How a job of unknown end has ended.',
      }),
    ),
  },
  { $id: 'JobResolution', ...exactlyOne, description: 'What an operator found out: one of these.' },
)

export const LogChunkSchema = Type.Object(
  {
    text: Type.Optional(Type.String({ description: 'The output, where the provider gives text.' })),
    links: Type.Array(Type.Object({ name: Type.String(), url: Type.String() }), {
      description: 'Where the output can be read.',
    }),
    next: Type.Optional(Type.String({ description: 'Send it as `cursor` for more.' })),
  },
  { $id: 'LogChunk', description: "A part of a job's output, as its provider shows it now." },
)

export const logQuery = Type.Object({ cursor: Type.Optional(cursorQuery) }, { additionalProperties: false })

export const jobQuery = Type.Object(
  {
    ...workloadQuery(statusesOf(jobTransitions)),
    environmentId: Type.Optional(idSchema('environment', 'Jobs of this environment.')),
    limit: Type.Optional(limitQuery),
    cursor: Type.Optional(cursorQuery),
  },
  { additionalProperties: false },
)
