import helmet from '@fastify/helmet'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { EdgeSettings, HttpServer } from './server.ts'

export const tags = [
  { name: 'Jobs', description: 'Work that runs to an end.' },
  { name: 'Environments', description: 'Workspaces, instances and services that stay until they are deleted.' },
  { name: 'Connections', description: "A project's accounts at providers. Credentials go in and never come out." },
  { name: 'Events', description: 'What happens in the project: page by page, or as it happens.' },
  { name: 'Webhooks', description: 'Who is told what happens, by signed messages.' },
  { name: 'Providers', description: 'What each provider can do, from the code.' },
  { name: 'Administration', description: 'Projects, API keys and the audit log, for administrators.' },
  { name: 'Operations', description: 'For those who run this service.' },
]

/** Serves the contract as `/openapi.json` and for people at `/docs`. Must be registered before any route. */
export async function registerOpenApi(
  server: HttpServer,
  { version, edge }: { version: string; edge: Pick<EdgeSettings, 'publicUrl' | 'hasDocs'> },
): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Switchyard',
        version,
        description:
          'One contract, `/jobs` and `/environments`, over AI-compute providers that each speak their own API.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: edge.publicUrl === '' ? '/' : edge.publicUrl }],
      tags,
      components: {
        securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key of a project.' } },
      },
      security: [{ apiKey: [] }],
    },
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `schema-${index}`,
    },
  })
  if (!edge.hasDocs) return
  server.get('/openapi.json', { schema: { hide: true } }, async () => server.swagger())
  // The only HTML that is served; everything else is data, and says so in its headers.
  await server.register(async (pages) => {
    // Whoever ends TLS may demand it: over plain http a browser would ask for scripts and styles where nobody listens.
    await pages.register(helmet, { contentSecurityPolicy: false, strictTransportSecurity: false })
    const indexPrefix = edge.publicUrl === '' ? '' : new URL(edge.publicUrl).pathname
    const transformStaticCSP = (policy: string) => policy.replace(/ ?upgrade-insecure-requests;?/, '')
    await pages.register(swaggerUi, { routePrefix: '/docs', indexPrefix, staticCSP: true, transformStaticCSP })
  })
}
