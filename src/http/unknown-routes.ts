import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../vocabulary/api-error.ts'
import type { HttpServer } from './http-server.ts'
import { sendProblem } from './problem.ts'

/** Returns 405 with `Allow` if a path has other methods, otherwise 404. Must be registered before any route. */
export function rejectUnknownRoutes(server: HttpServer): void {
  const known = new Map<string, RegExp>()
  server.addHook('onRoute', ({ url }) => {
    // Excludes the preflight route that @fastify/cors registers for any path.
    if (url !== anyPath) known.set(url, patternOf(url))
  })

  /** Methods as known to the router: of routes with and without a trailing slash, `onRoute` reports only one. */
  function methodsAt(path: string): readonly string[] {
    const urls = known.has(path) ? [path] : [...known].flatMap(([url, pattern]) => (pattern.test(path) ? [url] : []))
    return server.supportedMethods.filter((method) => urls.some((url) => server.hasRoute({ method, url }))).toSorted()
  }

  function reject(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = pathOf(request)
    const allowed = methodsAt(path)
    if (allowed.length > 0) return notAllowed(request, reply, allowed)
    const notFound = new ApiError('not_found', `${request.method} ${path} does not exist. See /openapi.json.`)
    return sendProblem(notFound, request, reply)
  }

  server.addHook('onRequest', async (request, reply) => {
    const { url } = request.routeOptions
    if (url === anyPath && !isPreflight(request)) return reject(request, reply)
    // A path like `/jobs/preview` has no id, but the router matches `/jobs/:id` if the path lacks the method.
    const path = pathOf(request)
    return url?.includes('/:') && known.has(path) ? notAllowed(request, reply, methodsAt(path)) : undefined
  })
  server.setNotFoundHandler(reject)
}

const anyPath = '*'

/** Whether the request is a CORS preflight. */
function isPreflight({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}

function notAllowed(request: FastifyRequest, reply: FastifyReply, methods: readonly string[]): FastifyReply {
  const allow = methods.join(', ')
  void reply.header('allow', allow)
  const detail = `${pathOf(request)} allows ${allow}, not ${request.method}.`
  return sendProblem(new ApiError('method_not_allowed', detail), request, reply)
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '/'
}

function patternOf(url: string): RegExp {
  const steps = url.split('/').map((step) => {
    if (step.startsWith(':')) return '[^/]+'
    return step === '*' ? '.*' : step.replaceAll('.', '\\.')
  })
  return new RegExp(`^${steps.join('/')}$`)
}
