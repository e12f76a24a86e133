import swagger from '@fastify/swagger'
import { Type } from '@sinclair/typebox'
import type { FastifyContextConfig } from 'fastify'
import { docsPath, registerDocsPage } from './docs-page.ts'
import type { EdgeSettings, HttpServer } from './server.ts'

export const tags = [
  { name: 'Jobs', description: 'Batch jobs that run to completion.' },
  { name: 'Environments', description: 'Long-lived workspaces, instances and services.' },
  { name: 'Connections', description: 'Provider accounts. Credentials are write-only.' },
  { name: 'Events', description: 'Project event feed, paginated or streamed.' },
  { name: 'Webhooks', description: 'Signed event notifications.' },
  { name: 'Webhook deliveries', description: 'Requests that webhook endpoints receive.' },
  { name: 'Providers', description: 'Provider capabilities.' },
  { name: 'Administration', description: 'Projects, API keys and the audit log, for administrators.' },
  { name: 'Operations', description: 'Health checks and metrics.' },
]

/** Adds to the document what the routes do not state, and returns it. */
export type CompleteDocument = (document: object) => object

/**
 * Serves the OpenAPI document at `/openapi.json` and the documentation at `/docs`. Must be registered before any route.
 */
export async function registerOpenApi(
  server: HttpServer,
  { version, edge }: { version: string; edge: Pick<EdgeSettings, 'publicUrl' | 'hasDocs'> },
  complete: CompleteDocument = (document) => document,
): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Switchyard',
        version,
        description: 'One REST contract, `/jobs` and `/environments`, for multiple AI-compute providers.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: edge.publicUrl === '' ? '/' : edge.publicUrl }],
      tags,
      components: {
        securitySchemes: {
          bearerAuth: {
            type: 'http',
            scheme: 'bearer',
            description: 'API key or OIDC access token, sent as `Authorization: Bearer <token>`.',
          },
        },
      },
      security: [{ bearerAuth: [] }],
    },
    transform: ({ schema, url, route }) => {
      const { documentedBody } = (route.config ?? {}) as FastifyContextConfig
      return { schema: documentedBody === undefined ? schema : { ...schema, body: Type.Ref(documentedBody) }, url }
    },
    transformObject: (collected) =>
      'openapiObject' in collected ? complete({ ...collected.openapiObject }) : collected.swaggerObject,
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `schema-${index}`,
    },
  })
  if (!edge.hasDocs) return
  server.get('/openapi.json', { schema: { hide: true } }, async () => server.swagger())
  registerDocsPage(server)
}

interface FrontPage {
  version: string
  edge: Pick<EdgeSettings, 'publicUrl' | 'hasDocs'>
}

/** Start page: redirects a browser to the documentation and returns links to a program. */
export async function registerFrontPage(server: HttpServer, { version, edge }: FrontPage): Promise<void> {
  const { publicUrl, hasDocs } = edge
  const documents = hasDocs ? { documentation: `${publicUrl}${docsPath}`, openapi: `${publicUrl}/openapi.json` } : {}
  server.get('/', { schema: { hide: true } }, async (request, reply) => {
    void reply.header('vary', 'Accept')
    if (hasDocs && request.headers.accept?.includes('text/html') === true) return reply.redirect(docsPath)
    return { name: 'Switchyard', version, ...documents, health: `${publicUrl}/readyz` }
  })
}
