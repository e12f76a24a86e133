import { type TProperties, Type } from '@sinclair/typebox'
import { idempotencyKeySchema } from '../records/idempotency.ts'
import { maxBatchItems } from '../workloads/intake/submit-batch.ts'

/** Request schemas of a batch. `request`: the fields of a single job. */
export function makeJobBatchSchemas(request: TProperties) {
  const JobBatchItem = Type.Object(
    {
      ...request,
      idempotencyKey: Type.Optional({
        ...idempotencyKeySchema,
        description:
          'Idempotency key of this job, as the `Idempotency-Key` header of POST /jobs, with which it shares its keys. Unique within the batch.',
      }),
    },
    {
      $id: 'JobBatchItem',
      additionalProperties: false,
      description: 'Job of a batch: the fields of `JobRequest` and an idempotency key.',
    },
  )
  const JobBatchRequest = Type.Object(
    {
      jobs: Type.Array(Type.Ref('JobBatchItem'), {
        minItems: 1,
        maxItems: maxBatchItems,
        description: 'Jobs to submit, in the order in which quotas count them.',
      }),
    },
    { $id: 'JobBatchRequest', additionalProperties: false, description: 'Jobs to submit in one request.' },
  )
  return { JobBatchItem, JobBatchRequest }
}

/** The part of a batch that is validated as a whole; each job is validated separately. */
export const batchEnvelope = Type.Object(
  { jobs: Type.Array(Type.Unknown(), { minItems: 1, maxItems: maxBatchItems }) },
  { additionalProperties: false },
)

const JobBatchItemResult = Type.Object(
  {
    index: Type.Integer({ description: 'Position of the job in the request, starting at 0.' }),
    status: Type.Unsafe<'accepted' | 'rejected'>({
      type: 'string',
      enum: ['accepted', 'rejected'],
      description: '`accepted`: the job is stored durably; see `job`. `rejected`: nothing is stored; see `problem`.',
    }),
    replayed: Type.Optional(
      Type.Boolean({ description: '`true`: an earlier request with this idempotency key submitted the job.' }),
    ),
    job: Type.Optional(Type.Ref('Job')),
    problem: Type.Optional(Type.Ref('Problem')),
  },
  { $id: 'JobBatchItemResult', description: 'Result of one job of a batch.' },
)

const JobBatchResult = Type.Object(
  {
    accepted: Type.Integer({ description: 'Number of accepted jobs, replays included.' }),
    rejected: Type.Integer({ description: 'Number of rejected jobs.' }),
    results: Type.Array(Type.Ref('JobBatchItemResult'), { description: 'One result per job, in request order.' }),
  },
  { $id: 'JobBatchResult', description: 'Results of a batch. Each job is accepted or rejected separately.' },
)

export const jobBatchResults = [JobBatchItemResult, JobBatchResult]
