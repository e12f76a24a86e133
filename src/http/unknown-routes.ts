import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../vocabulary/refusal.ts'
import type { HttpServer } from './http-server.ts'
import { sendProblem } from './problem.ts'

interface KnownRoute {
  pattern: RegExp
  methods: Set<string>
}

/** Answers 405 with `Allow` where other methods of a path exist, else 404. Must be registered before any route. */
export function refuseUnknownRoutes(server: HttpServer): void {
  const known = new Map<string, KnownRoute>()
  server.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return
    const route = known.get(url) ?? { pattern: patternOf(url), methods: new Set() }
    for (const one of [method].flat()) route.methods.add(one)
    known.set(url, route)
  })
  // A word like `/jobs/preview` is no id, but the router takes it for one where the word has no such method.
  server.addHook('onRequest', async (request, reply) => {
    const { url } = request.routeOptions
    const word = url?.includes('/:') ? known.get(pathOf(request)) : undefined
    return word === undefined ? undefined : notAllowed(request, reply, word.methods)
  })
  server.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    const allowed = known.get(path)?.methods ?? methodsOf(known, path)
    if (allowed.size > 0) return notAllowed(request, reply, allowed)
    const nothing = new Refusal('not_found', `There is no ${request.method} ${path}. See /openapi.json.`)
    return sendProblem(nothing, request, reply)
  })
}

function notAllowed(request: FastifyRequest, reply: FastifyReply, methods: ReadonlySet<string>): FastifyReply {
  const allow = [...methods].toSorted().join(', ')
  void reply.header('allow', allow)
  const detail = `${pathOf(request)} takes ${allow}, not ${request.method}.`
  return sendProblem(new Refusal('method_not_allowed', detail), request, reply)
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '/'
}

function methodsOf(known: ReadonlyMap<string, KnownRoute>, path: string): ReadonlySet<string> {
  return new Set([...known.values()].flatMap(({ pattern, methods }) => (pattern.test(path) ? [...methods] : [])))
}

function patternOf(url: string): RegExp {
  const steps = url.split('/').map((step) => (step.startsWith(':') ? '[^/]+' : step.replaceAll('.', '\\.')))
  return new RegExp(`^${steps.join('/')}$`)
}
