import { type TSchema, Type } from '@sinclair/typebox'
import { cursorQuery } from '../http/schemas.ts'
import { workloadFilter } from '../records/list-query.schemas.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { jobTransitions } from '../vocabulary/job.ts'
import { nullable } from '../vocabulary/nullable.ts'
import { statusesOf } from '../vocabulary/transitions.ts'
import { maxCancels } from '../workloads/actions/cancel-jobs.ts'

const { status, label, ids: filterIds, ...filters } = workloadFilter(statusesOf(jobTransitions))

/** In a query, an empty list cannot be sent; here it would select all jobs. Null is as absent. */
const listFilter = (schema: TSchema) => Type.Optional(nullable({ ...schema, minItems: 1 }))

const JobFilter = Type.Object(
  {
    status: listFilter(status),
    label: listFilter(label),
    ...filters,
    ids: listFilter(filterIds),
    environmentId: Type.Optional(idSchema('environment', 'Filter by environment.')),
  },
  {
    $id: 'JobFilter',
    additionalProperties: false,
    minProperties: 1,
    description: 'Filters of GET /jobs; all must match. At least one is required; `null` is none.',
  },
)

const JobBatchCancelRequest = Type.Object(
  {
    filter: Type.Ref('JobFilter'),
    dryRun: Type.Optional(
      Type.Boolean({ description: '`true`: returns what would be canceled and changes nothing. `false` if absent.' }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: maxCancels,
        description: `Maximum number of jobs in this request; ${maxCancels} if absent.`,
      }),
    ),
    cursor: Type.Optional({ ...cursorQuery, description: '`nextCursor` from the previous request.' }),
  },
  { $id: 'JobBatchCancelRequest', additionalProperties: false, description: 'Unfinished jobs to cancel.' },
)

const ids = (description: string) => Type.Array(idSchema('job', 'Job id.'), { description })

const JobBatchCancelResult = Type.Object(
  {
    dryRun: Type.Boolean({ description: 'Whether this was a dry run.' }),
    matched: Type.Integer({ description: 'Number of unfinished jobs in this request that match the filter.' }),
    requested: Type.Integer({
      description: 'Number of jobs whose cancellation was requested or, in a dry run, would be.',
    }),
    unchanged: Type.Integer({
      description: 'Number of jobs whose cancellation was requested before, or that finished in the meantime.',
    }),
    unsupported: Type.Integer({
      description: 'Number of jobs that are not canceled because their provider does not support it after dispatch.',
    }),
    requestedIds: ids('Ids of the jobs counted by `requested`.'),
    unsupportedIds: ids('Ids of the jobs counted by `unsupported`.'),
    nextCursor: Type.Optional(
      Type.String({ description: 'Cursor to continue with the same filter; absent if no job is left.' }),
    ),
  },
  { $id: 'JobBatchCancelResult', description: 'Result of a batch cancel.' },
)

export const jobBatchCancelSchemas = [JobFilter, JobBatchCancelRequest, JobBatchCancelResult]
