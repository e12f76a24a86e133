import { type TObject, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { ownerOf } from '../http/caller.ts'
import type { WaitLimit } from '../http/concurrency-limits.ts'
import { sendAccepted, targetOf } from '../http/conditional.ts'
import type { Streams } from '../http/event-stream.ts'
import { changeHeaders, withHeaders } from '../http/headers.ts'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { keyOf, submitHeaders } from '../records/idempotency.ts'
import { registerImport } from '../records/import.routes.ts'
import { registerPreview } from '../records/preview.routes.ts'
import { type Records, registerRecords } from '../records/record.routes.ts'
import type { RecordsApi } from '../records/records-api.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { targetErrors } from '../vocabulary/request-target.ts'
import type { CancelJobs } from '../workloads/actions/cancel-jobs.ts'
import type { ProviderQueries } from '../workloads/actions/provider-queries.ts'
import type { Resolution, Resolve } from '../workloads/actions/resolve.ts'
import type { WorkloadService } from '../workloads/actions/workload-service.ts'
import type { Import } from '../workloads/intake/import.ts'
import type { Preview } from '../workloads/intake/preview.ts'
import type { Submission, SubmissionBody } from '../workloads/intake/submission.ts'
import type { Submit } from '../workloads/intake/submit.ts'
import type { Workload } from '../workloads/workload.ts'
import { JobResolution, jobQuery, LogChunkSchema, logQuery, type makeJobSchemas } from './job.schemas.ts'
import { registerJobBatchCancel } from './job-batch-cancel.routes.ts'
import { type JobBatchDeps, registerJobBatch } from './job-batches.routes.ts'

export interface JobRoutesDeps extends JobBatchDeps {
  schemas: ReturnType<typeof makeJobSchemas>
  submit: Submit
  preview: Preview
  service: WorkloadService
  cancelJobs: CancelJobs
  importObject: Import<'job'>
  queries: Pick<ProviderQueries, 'logs'>
  resolve: Resolve
  waits: WaitLimit
  streams: Streams
}

const id = idSchema('job', 'Job id.')
const params = Type.Object({ id })
const tags = ['Jobs']
const accepts = { 202: withHeaders(Type.Ref('Job'), 'ETag', 'Location') }

export async function registerJobs(server: HttpServer, deps: JobRoutesDeps): Promise<void> {
  const { schemas, submit, preview, service, records, queries, resolve, waits, streams } = deps
  for (const schema of [...(Object.values(schemas) as TObject[]), LogChunkSchema, JobResolution])
    server.addSchema(schema)
  registerRecords(server, {
    plural: 'jobs',
    scopes: { read: ['jobs:read'], write: ['jobs:write'] },
    singular: 'Job',
    tag: 'Jobs',
    id,
    query: jobQuery,
    waits,
    streams,
    ...records,
  } satisfies Records<Workload<'job'>>)
  registerSubmit(server, submit, records)
  registerPreview(
    server,
    { plural: 'jobs', singular: 'Job', tag: 'Jobs', scope: 'jobs:write', summary: 'Preview a job (dry run)' },
    { preview, submissionOf },
  )
  registerImport(
    server,
    {
      ...{ plural: 'jobs', singular: 'Job', tag: 'Jobs', scope: 'jobs:write' },
      description:
        'Follows a job that was started without Switchyard, until it ends. A cancel cancels the job at the provider. A job that has ended already is accepted as long as the provider shows it.',
    },
    deps,
  )
  registerJobBatch(server, deps)
  registerJobBatchCancel(server, deps.cancelJobs)
  registerCancel(server, service, records)
  registerLogs(server, queries)
  registerResolve(server, resolve, records)
}

function registerSubmit(server: HttpServer, submit: Submit, records: RecordsApi<'job'>): void {
  server.post(
    '/jobs',
    {
      config: { scopes: ['jobs:write'], bodyRules: targetErrors },
      schema: {
        tags,
        operationId: 'submitJob',
        summary: 'Submit a job',
        description:
          'Returns 202 once the job is stored durably; dispatch to the provider is asynchronous. Fields that the provider does not support return 422.',
        headers: submitHeaders,
        body: Type.Ref('JobRequest'),
        response: {
          202: withHeaders(Type.Ref('Job'), 'ETag', 'Location', 'Idempotency-Replayed'),
          ...errorResponses(404, 409, 413, 415, 422),
        },
      },
    },
    async (request, reply) => {
      const { workload, isReplay } = await submit(submissionOf(request, keyOf(request.headers)))
      if (isReplay) void reply.header('idempotency-replayed', 'true')
      return sendAccepted(reply, 'jobs', workload, await records.view(workload, 'full'))
    },
  )
}

function submissionOf(request: FastifyRequest, key: string | null): Submission<'job'> {
  return { ...ownerOf(request), kind: 'job', body: request.body as SubmissionBody<'job'>, key }
}

function registerCancel(server: HttpServer, service: WorkloadService, records: RecordsApi<'job'>): void {
  server.post(
    '/jobs/:id/cancel',
    {
      config: { scopes: ['jobs:write'] },
      schema: {
        tags,
        operationId: 'cancelJob',
        summary: 'Cancel a job',
        description:
          'Returns once the request is recorded. Idempotent. Returns 409 if the job has already finished with another status.',
        params,
        headers: changeHeaders,
        response: { ...accepts, ...errorResponses(404, 409, 412, 422) },
      },
    },
    async (request, reply) => {
      const job = await cancel(service, request)
      return sendAccepted(reply, 'jobs', job, await records.view(job, 'full'))
    },
  )
}

function registerResolve(server: HttpServer, resolve: Resolve, records: RecordsApi<'job'>): void {
  server.post(
    '/jobs/:id/resolve',
    {
      config: { scopes: ['admin'] },
      schema: {
        tags,
        operationId: 'resolveJob',
        summary: 'Resolve an unknown outcome',
        description:
          'Operator action after inspecting the provider: give the remote id, confirm that nothing was created, or set the final status of a job with an unknown outcome.',
        params,
        headers: changeHeaders,
        body: Type.Ref('JobResolution'),
        response: { ...accepts, ...errorResponses(404, 409, 412, 413, 415) },
      },
    },
    async (request, reply) => {
      const job = await resolve('job', targetOf(request), request.body as Resolution)
      return sendAccepted(reply, 'jobs', job, await records.view(job, 'full'))
    },
  )
}

function registerLogs(server: HttpServer, queries: Pick<ProviderQueries, 'logs'>): void {
  const about = { tags, params, querystring: logQuery }
  const read = (request: FastifyRequest) => {
    const { cursor = null, timestamps = false } = request.query as { cursor?: string; timestamps?: boolean }
    return queries.logs(request.caller.projectId, (request.params as { id: string }).id, { cursor, timestamps })
  }
  server.get(
    '/jobs/:id/logs',
    {
      config: { scopes: ['jobs:read'] },
      schema: {
        ...about,
        operationId: 'getJobLogs',
        summary: 'Get job logs',
        description: 'Fetched live from the provider. Depending on the provider: text, links or both.',
        response: { 200: Type.Ref('LogChunk'), ...errorResponses(404, 409, 422, 502) },
      },
    },
    read,
  )
  server.get(
    '/jobs/:id/logs/raw',
    {
      config: { scopes: ['jobs:read'] },
      schema: {
        ...about,
        operationId: 'downloadJobLogs',
        summary: 'Get job logs as plain text',
        description: 'Fetched live from the provider. Empty if the provider offers only links.',
        produces: ['text/plain'],
        response: {
          200: {
            description: 'Log text; empty if the provider offers only links.',
            content: { 'text/plain': { schema: Type.String() } },
          },
          ...errorResponses(404, 409, 422, 502),
        },
      },
    },
    async (request, reply) => reply.type('text/plain; charset=utf-8').send((await read(request)).text ?? ''),
  )
}

async function cancel(service: WorkloadService, request: FastifyRequest): Promise<Workload<'job'>> {
  const job = await service.requestAction('job', targetOf(request), {
    desired: 'cancel',
    action: 'cancel',
    eventType: 'job.cancel_requested',
  })
  if (job.active || job.status === 'canceled') return job
  throw new ApiError('conflict', `Job ${job.id} has ended: ${job.status}. There is nothing to cancel.`)
}
