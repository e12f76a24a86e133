import type { HttpServer } from './http-server.ts'
import type { EdgeSettings } from './server.ts'

interface FrontPage {
  version: string
  edge: Pick<EdgeSettings, 'publicUrl' | 'hasDocs'>
}

/** What somebody finds who has the address alone: a browser the documentation, a program where to read on. */
export async function registerFrontPage(server: HttpServer, { version, edge }: FrontPage): Promise<void> {
  const { publicUrl, hasDocs } = edge
  const documents = hasDocs ? { documentation: `${publicUrl}/docs`, openapi: `${publicUrl}/openapi.json` } : {}
  server.get('/', { schema: { hide: true } }, async (request, reply) => {
    void reply.header('vary', 'Accept')
    if (hasDocs && request.headers.accept?.includes('text/html') === true) return reply.redirect('/docs')
    return { name: 'Switchyard', version, ...documents, health: `${publicUrl}/readyz` }
  })
}
