import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../vocabulary/api-error.ts'
import type { HttpServer } from './http-server.ts'
import {
  contentSecurityPolicy,
  type ProblemTypeView,
  problemCodes,
  problemPage,
  problemPath,
  problemTypeView,
} from './problem-pages.ts'

/** Explains the problem types to people and programs: the URLs that `documentation` of a problem names. */
export async function registerProblems(server: HttpServer): Promise<void> {
  const hidden = { schema: { hide: true } }
  server.get(problemPath, hidden, async (request, reply) => {
    const types = problemCodes.map(problemTypeView)
    return acceptsHtml(request, reply) ? sendPage(reply, 'Problem types', types) : { data: types }
  })
  server.get(`${problemPath}/:code`, hidden, async (request, reply) => {
    const { code: requested } = request.params as { code: string }
    const code = problemCodes.find((each) => each === requested)
    if (code === undefined)
      throw new ApiError('not_found', `There is no problem type ${JSON.stringify(requested)}. See GET ${problemPath}.`)
    const type = problemTypeView(code)
    return acceptsHtml(request, reply) ? sendPage(reply, type.title, [type]) : type
  })
}

function acceptsHtml({ headers }: FastifyRequest, reply: FastifyReply): boolean {
  void reply.header('vary', 'Accept')
  return headers.accept?.includes('text/html') === true
}

function sendPage(reply: FastifyReply, heading: string, types: readonly ProblemTypeView[]): FastifyReply {
  return reply
    .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': contentSecurityPolicy() })
    .send(problemPage(heading, types))
}
