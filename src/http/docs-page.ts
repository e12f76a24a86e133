import { createHash } from 'node:crypto'
import type { HttpServer } from './server.ts'

export const docsPath = '/docs'

/**
 * Serves the API reference at `/docs`: Scalar, from this origin alone, with the document at `/openapi.json`. All of its
 * addresses are relative, so that it works behind any path prefix and over plain HTTP.
 */
export async function registerDocsPage(server: HttpServer): Promise<void> {
  // 4 MB that only processes with documentation load.
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  await server.register(async (pages) => {
    pages.addHook('onSend', async (_request, reply, payload) => {
      const isPage = String(reply.getHeader('content-type')).startsWith('text/html')
      if (isPage && typeof payload === 'string') void reply.headers(securityHeaders(payload))
      else void reply.header('cache-control', 'public, max-age=3600')
    })
    await pages.register(scalar, {
      routePrefix: docsPath,
      configuration: {
        url: '../openapi.json',
        pageTitle: 'Switchyard API',
        // Nothing is sent to, or loaded from, another host.
        telemetry: false,
        withDefaultFonts: false,
        agent: { disabled: true },
        mcp: { disabled: true },
        hideClientButton: true,
        showDeveloperTools: 'never',
        persistAuth: false,
        defaultOpenAllTags: false,
      },
    })
  })
}

/**
 * The page runs scripts of this origin and its own inline script, told by hash. Styles are inline, because Scalar writes
 * them from its script. Upgrades to HTTPS are left to the proxy: over plain HTTP a browser would request a closed port.
 */
function securityHeaders(page: string): Record<string, string> {
  const opening = '<script type="text/javascript">'
  const from = page.indexOf(opening) + opening.length
  const script = page.slice(from, page.indexOf('</script>', from))
  const hash = createHash('sha256').update(script).digest('base64')
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'self'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'x-frame-options': 'SAMEORIGIN',
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
  }
}
