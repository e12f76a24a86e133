import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { ownerOf } from '../http/caller.ts'
import { errorOfItem, itemError } from '../http/item-errors.ts'
import { problemFor } from '../http/problem.ts'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { yieldingMap } from '../infra/yielding-map.ts'
import { batchHeaders, keyOf } from '../records/idempotency.ts'
import type { RecordsApi } from '../records/records-api.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { targetErrors } from '../vocabulary/request-target.ts'
import type { BatchOutcome, SubmitBatch } from '../workloads/intake/submit-batch.ts'
import { type BatchItem, type KeyedItem, rejectRepeatedKeys, withKey } from './batch-keys.ts'
import { batchEnvelope, jobBatchResults } from './job-batch.schemas.ts'

export interface JobBatchDeps {
  submitBatch: SubmitBatch
  records: RecordsApi<'job'>
  /** Maximum size of a batch, in bytes. */
  batchLimitBytes: number
}

const itemRules = { schema: Type.Ref('JobBatchItem'), more: targetErrors }

export function registerJobBatch(server: HttpServer, { submitBatch, records, batchLimitBytes }: JobBatchDeps): void {
  for (const schema of jobBatchResults) server.addSchema(schema)
  server.post(
    '/jobs/batch',
    {
      bodyLimit: batchLimitBytes,
      // Each job is validated separately, so the body is not validated against its documented schema.
      config: { scopes: ['jobs:write'], documentedBody: 'JobBatchRequest' },
      schema: {
        tags: ['Jobs'],
        operationId: 'submitJobBatch',
        summary: 'Submit jobs in a batch',
        description:
          'Accepts or rejects each job separately, with the rules and error codes of POST /jobs, and returns 200 with one result per job in request order, also if all are rejected. Accepted jobs are stored durably.',
        headers: batchHeaders,
        body: batchEnvelope,
        response: { 200: Type.Ref('JobBatchResult'), ...errorResponses(413, 415) },
      },
    },
    async (request) => {
      const items = await keyedItems(request)
      const outcomes = await submitValid(submitBatch, request, items)
      logOutage(request, outcomes)
      const results = await yieldingMap(items, async (item, index) => {
        const outcome = outcomes[index] ?? { error: new Error(`job ${index} of the batch has no outcome`) }
        if ('error' in outcome) return { index, status: 'rejected', problem: problemOf(request, item, outcome.error) }
        const job = await records.view(outcome.workload, 'basic')
        return { index, status: 'accepted', ...(outcome.isReplay ? { replayed: true } : {}), job }
      })
      const accepted = results.filter(({ status }) => status === 'accepted').length
      return { accepted, rejected: results.length - accepted, results }
    },
  )
}

/** The jobs of the batch: each valid, with its key, or with an error. */
async function keyedItems(request: FastifyRequest): Promise<KeyedItem[]> {
  const { jobs } = request.body as { jobs: unknown[] }
  const batchKey = keyOf(request.headers)
  const items = await yieldingMap(jobs, async (job, index) => {
    const error = itemError(request, job, { ...itemRules, base: `/jobs/${index}` })
    return error === null ? withKey(job as BatchItem, index, batchKey) : { index, error }
  })
  return rejectRepeatedKeys(items)
}

/** Outcomes in the order of the items, invalid ones included. */
async function submitValid(
  submitBatch: SubmitBatch,
  request: FastifyRequest,
  items: readonly KeyedItem[],
): Promise<BatchOutcome<'job'>[]> {
  const valid = items.filter((item) => 'body' in item)
  const submitted = await submitBatch({ ...ownerOf(request), kind: 'job', items: valid })
  const outcomes = new Map(valid.map((item, place) => [item.index, submitted[place]]))
  return items.map((item) =>
    'body' in item ? (outcomes.get(item.index) ?? { error: new Error('the batch has too few outcomes') }) : item,
  )
}

/** Once per request: the jobs of a statement fail together. */
function logOutage(request: FastifyRequest, outcomes: readonly BatchOutcome<'job'>[]): void {
  const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []))
  const outage = errors.find((error) => error instanceof ApiError && error.code === 'unavailable')
  if (outage !== undefined) request.log.warn({ err: outage }, 'jobs of a batch failed: dependency unavailable')
}

function problemOf(request: FastifyRequest, item: KeyedItem, error: unknown) {
  // Errors of invalid items have pointers into the body already.
  if (!('body' in item) || !(error instanceof ApiError)) return problemFor(error, request).problem
  const keyPointer = item.hasOwnKey ? '/idempotencyKey' : null
  return problemFor(errorOfItem(error, `/jobs/${item.index}`, keyPointer), request).problem
}
