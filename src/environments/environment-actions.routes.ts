import { type Static, Type } from '@sinclair/typebox'
import { sendAccepted, targetOf } from '../http/conditional.ts'
import { changeHeaders, withHeaders } from '../http/headers.ts'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import type { RecordsApi } from '../records/records-api.ts'
import { idSchema } from '../vocabulary/ids.ts'
import type { EnvironmentService } from './environment-service.ts'

interface EnvironmentActions {
  service: EnvironmentService
  records: RecordsApi<'environment'>
}

const params = Type.Object({ id: idSchema('environment', 'Environment id.') })
const tags = ['Environments']
const changed = {
  202: withHeaders(Type.Ref('Environment'), 'ETag', 'Location'),
  ...errorResponses(404, 409, 412, 422),
}

const deleteQuery = Type.Object(
  {
    cancelJobs: Type.Optional(
      Type.Boolean({ default: false, description: 'Cancel active jobs of the environment first.' }),
    ),
    remote: Type.Optional(Type.Boolean({ default: false, description: 'For imports, also delete the remote object.' })),
  },
  { additionalProperties: false },
)

/** Action routes of an existing environment. */
export function registerActions(server: HttpServer, deps: EnvironmentActions): void {
  registerStartAndStop(server, deps)
  registerDelete(server, deps)
}

function registerStartAndStop(server: HttpServer, { service, records }: EnvironmentActions): void {
  for (const action of ['start', 'stop'] as const) {
    server.post(
      `/environments/:id/${action}`,
      {
        config: { scopes: ['environments:write'] },
        schema: {
          tags,
          operationId: `${action}Environment`,
          summary: action === 'start' ? 'Start an environment' : 'Stop an environment',
          description: 'Returns once the request is recorded as `requestedAction`. Idempotent.',
          params,
          headers: changeHeaders,
          response: changed,
        },
      },
      async (request, reply) => {
        const environment = await service[action](targetOf(request))
        return sendAccepted(reply, 'environments', environment, await records.view(environment, 'full'))
      },
    )
  }
}

function registerDelete(server: HttpServer, { service, records }: EnvironmentActions): void {
  server.delete(
    '/environments/:id',
    {
      config: { scopes: ['environments:write'] },
      schema: {
        tags,
        operationId: 'deleteEnvironment',
        summary: 'Delete an environment',
        description:
          'Returns once the request is recorded; the record remains readable. Returns 409 while jobs are active, unless `cancelJobs=true`.',
        params,
        headers: changeHeaders,
        querystring: deleteQuery,
        response: changed,
      },
    },
    async (request, reply) => {
      const environment = await service.remove(targetOf(request), request.query as Static<typeof deleteQuery>)
      return sendAccepted(reply, 'environments', environment, await records.view(environment, 'full'))
    },
  )
}
