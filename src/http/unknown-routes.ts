import { Refusal } from '../vocabulary/refusal.ts'
import type { HttpServer } from './http-server.ts'
import { sendProblem } from './problem.ts'

/** Answers 405 with `Allow` where other methods of a path exist, else 404. Must be registered before any route. */
export function refuseUnknownRoutes(server: HttpServer): void {
  const known = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  server.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return
    const route = known.get(url) ?? { pattern: patternOf(url), methods: new Set() }
    for (const one of [method].flat()) route.methods.add(one)
    known.set(url, route)
  })
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/'
    const allowed = new Set(
      [...known.values()].flatMap(({ pattern, methods }) => (pattern.test(path) ? [...methods] : [])),
    )
    if (allowed.size === 0)
      return sendProblem(
        new Refusal('not_found', `There is no ${request.method} ${path}. See /openapi.json.`),
        request,
        reply,
      )
    const allow = [...allowed].toSorted().join(', ')
    void reply.header('allow', allow)
    return sendProblem(
      new Refusal('method_not_allowed', `${path} takes ${allow}, not ${request.method}.`),
      request,
      reply,
    )
  })
}

function patternOf(url: string): RegExp {
  const steps = url.split('/').map((step) => (step.startsWith(':') ? '[^/]+' : step.replaceAll('.', '\\.')))
  return new RegExp(`^${steps.join('/')}$`)
}
