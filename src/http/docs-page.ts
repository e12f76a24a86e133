import { createHash } from 'node:crypto'
import Fastify from 'fastify'
import type { HttpServer } from './server.ts'

export const docsPath = '/docs'
const script = 'js/scalar.js'

interface Reference {
  page: string
  headers: Record<string, string>
  script: Buffer
}

/**
 * Serves the API reference at `/docs`: Scalar, from this origin alone, with the document at `/openapi.json`. All of its
 * addresses are relative, so that it works behind any path prefix and over plain HTTP.
 */
export function registerDocsPage(server: HttpServer): void {
  let rendered: Promise<Reference> | undefined
  const reference = () => {
    rendered ??= renderReference().catch((error: unknown) => {
      rendered = undefined
      throw error
    })
    return rendered
  }
  const options = { schema: { hide: true } }
  server.get(docsPath, options, (_request, reply) => reply.redirect(`${docsPath}/`))
  server.get(`${docsPath}/`, options, async (_request, reply) => {
    const { page, headers } = await reference()
    return reply.headers(headers).type('text/html; charset=utf-8').send(page)
  })
  server.get(`${docsPath}/${script}`, options, async (_request, reply) => {
    void reply.header('cache-control', 'public, max-age=3600').type('text/javascript; charset=utf-8')
    return reply.send((await reference()).script)
  })
}

/** Loads Scalar at the first request: the package takes 30 MB of memory and half a second of the start. */
async function renderReference(): Promise<Reference> {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const pages = Fastify()
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
  const bodyOf = async (path: string) => {
    const { statusCode, body } = await pages.inject(`${docsPath}/${path}`)
    if (statusCode !== 200) throw new Error(`Scalar returned ${statusCode} for ${path}`)
    return body
  }
  try {
    const page = await bodyOf('')
    return { page, headers: securityHeaders(page), script: Buffer.from(await bodyOf(script)) }
  } finally {
    await pages.close()
  }
}

/**
 * The page runs scripts of this origin and its own inline script, identified by its hash. Styles are inline, because Scalar writes
 * them from its script. Upgrades to HTTPS are left to the proxy: over plain HTTP a browser would request a closed port.
 */
function securityHeaders(page: string): Record<string, string> {
  const opening = '<script type="text/javascript">'
  const from = page.indexOf(opening) + opening.length
  const inline = page.slice(from, page.indexOf('</script>', from))
  const hash = createHash('sha256').update(inline).digest('base64')
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
