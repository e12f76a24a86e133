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
import { idSchema } from '../vocabulary/ids.ts'
import { targetErrors } from '../vocabulary/request-target.ts'
import type { ProviderQueries } from '../workloads/actions/provider-queries.ts'
import type { Resolution, Resolve } from '../workloads/actions/resolve.ts'
import type { Import } from '../workloads/intake/import.ts'
import type { Preview } from '../workloads/intake/preview.ts'
import type { SubmissionBody } from '../workloads/intake/submission.ts'
import type { Submit } from '../workloads/intake/submit.ts'
import type { Workload } from '../workloads/workload.ts'
import {
  AccessSchema,
  EnvironmentResolution,
  environmentQuery,
  type makeEnvironmentSchemas,
} from './environment.schemas.ts'
import { registerActions } from './environment-actions.routes.ts'
import type { EnvironmentService } from './environment-service.ts'

export interface EnvironmentRoutesDeps {
  schemas: ReturnType<typeof makeEnvironmentSchemas>
  submit: Submit
  preview: Preview
  service: EnvironmentService
  importObject: Import<'environment'>
  queries: Pick<ProviderQueries, 'access'>
  resolve: Resolve
  records: RecordsApi<'environment'>
  waits: WaitLimit
  streams: Streams
}

type Environment = Workload<'environment'>

const id = idSchema('environment', 'Environment id.')
const params = Type.Object({ id })
const tags = ['Environments']
const accepts = { 202: withHeaders(Type.Ref('Environment'), 'ETag', 'Location') }

export async function registerEnvironments(server: HttpServer, deps: EnvironmentRoutesDeps): Promise<void> {
  const { schemas, records, waits, streams } = deps
  for (const schema of [...(Object.values(schemas) as TObject[]), AccessSchema, EnvironmentResolution])
    server.addSchema(schema)
  registerRecords(server, {
    ...{
      plural: 'environments',
      scopes: { read: ['environments:read'], write: ['environments:write'] },
      singular: 'Environment',
      tag: 'Environments',
      id,
      query: environmentQuery,
      waits,
      streams,
    },
    ...records,
  } satisfies Records<Environment>)
  registerCreate(server, deps)
  registerPreview(
    server,
    {
      plural: 'environments',
      singular: 'Environment',
      tag: 'Environments',
      scope: 'environments:write',
      summary: 'Preview an environment (dry run)',
    },
    { preview: deps.preview, submissionOf },
  )
  registerImport(
    server,
    {
      ...{ plural: 'environments', singular: 'Environment', tag: 'Environments', scope: 'environments:write' },
      description: 'Jobs can then run in it. Deleting the record keeps the remote object unless `remote=true`.',
    },
    deps,
  )
  registerActions(server, deps)
  registerAccess(server, deps)
  registerResolve(server, deps.resolve, records)
}

function registerCreate(server: HttpServer, { submit, records }: EnvironmentRoutesDeps): void {
  server.post(
    '/environments',
    {
      config: { scopes: ['environments:write'], bodyRules: targetErrors },
      schema: {
        tags,
        operationId: 'createEnvironment',
        summary: 'Create an environment',
        description:
          'Returns 202 once the environment is stored durably; dispatch to the provider is asynchronous. Fields that the provider does not support return 422.',
        headers: submitHeaders,
        body: Type.Ref('EnvironmentRequest'),
        response: {
          202: withHeaders(Type.Ref('Environment'), 'ETag', 'Location', 'Idempotency-Replayed'),
          ...errorResponses(404, 409, 413, 415, 422),
        },
      },
    },
    async (request, reply) => {
      const submission = submissionOf(request, keyOf(request.headers))
      const { workload, isReplay } = await submit(submission)
      if (isReplay) void reply.header('idempotency-replayed', 'true')
      return sendAccepted(reply, 'environments', workload, await records.view(workload, 'full'))
    },
  )
}

function registerResolve(server: HttpServer, resolve: Resolve, records: RecordsApi<'environment'>): void {
  server.post(
    '/environments/:id/resolve',
    {
      config: { scopes: ['admin'] },
      schema: {
        tags,
        operationId: 'resolveEnvironment',
        summary: 'Resolve an unknown outcome',
        description:
          'Operator action after inspecting the provider: give the remote id, or confirm that nothing was created.',
        params,
        headers: changeHeaders,
        body: Type.Ref('EnvironmentResolution'),
        response: { ...accepts, ...errorResponses(404, 409, 412, 413, 415) },
      },
    },
    async (request, reply) => {
      const environment = await resolve('environment', targetOf(request), request.body as Resolution)
      return sendAccepted(reply, 'environments', environment, await records.view(environment, 'full'))
    },
  )
}

function registerAccess(server: HttpServer, { queries }: EnvironmentRoutesDeps): void {
  server.get(
    '/environments/:id/access',
    {
      config: { scopes: ['environments:access'] },
      schema: {
        tags,
        operationId: 'getEnvironmentAccess',
        summary: 'Get access details',
        description: 'URLs, ports, SSH details and tokens, fetched live from the provider. Not stored.',
        params,
        response: { 200: Type.Ref('Access'), ...errorResponses(404, 409, 422, 502) },
      },
    },
    async (request) => queries.access(request.caller, (request.params as { id: string }).id),
  )
}

function submissionOf(request: FastifyRequest, key: string | null) {
  return {
    ...ownerOf(request),
    kind: 'environment' as const,
    body: request.body as SubmissionBody<'environment'>,
    key,
  }
}
