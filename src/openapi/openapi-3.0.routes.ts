import type { HttpServer } from '../http/http-server.ts'
import type { OpenApiDocument } from './document.ts'
import { asOpenApi30 } from './openapi-3.0.ts'

/** Serves the document as OpenAPI 3.0, rendered on first use. */
export async function registerOpenApi30(server: HttpServer): Promise<void> {
  let rendered: object | undefined
  server.get('/openapi-3.0.json', { schema: { hide: true } }, async () => {
    rendered ??= asOpenApi30(server.swagger() as unknown as OpenApiDocument)
    return rendered
  })
}
