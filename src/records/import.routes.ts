import { type Static, Type } from '@sinclair/typebox'
import { ownerOf } from '../http/caller.ts'
import { sendAccepted } from '../http/conditional.ts'
import { withHeaders } from '../http/headers.ts'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { idSchema } from '../vocabulary/ids.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Scope } from '../vocabulary/scopes.ts'
import { Labels, namePattern } from '../vocabulary/spec.ts'
import type { Import } from '../workloads/intake/import.ts'
import type { RecordsApi } from './records-api.ts'

const importSchema = (singular: 'Job' | 'Environment') =>
  Type.Object(
    {
      connectionId: idSchema('connection', 'Connection to use.'),
      remoteId: Type.String({ minLength: 1, maxLength: 512, description: 'Id of the object at the provider.' }),
      name: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 64,
          pattern: namePattern,
          description: 'Name of the record. Defaults to the name at the provider.',
        }),
      ),
      labels: Type.Optional(Labels),
    },
    { $id: `${singular}Import`, additionalProperties: false, description: 'Existing remote object to import.' },
  )

/** Registers `POST /<plural>/import`. */
export function registerImport<K extends Kind>(
  server: HttpServer,
  about: {
    plural: 'jobs' | 'environments'
    singular: 'Job' | 'Environment'
    tag: string
    scope: Scope
    description: string
  },
  { importObject, records }: { importObject: Import<K>; records: RecordsApi<K> },
): void {
  const { plural, singular, tag, scope, description } = about
  const body = importSchema(singular)
  server.addSchema(body)
  server.post(
    `/${plural}/import`,
    {
      config: { scopes: [scope] },
      schema: {
        tags: [tag],
        operationId: `import${singular}`,
        summary: `Import an existing ${singular.toLowerCase()}`,
        description,
        body: Type.Ref(`${singular}Import`),
        response: {
          202: withHeaders(Type.Ref(singular), 'ETag', 'Location'),
          ...errorResponses(404, 409, 413, 415, 422, 502),
        },
      },
    },
    async (request, reply) => {
      const workload = await importObject(ownerOf(request), request.body as Static<typeof body>)
      return sendAccepted(reply, plural, workload, await records.view(workload, 'full'))
    },
  )
}
