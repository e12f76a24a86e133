import { type Static, Type } from '@sinclair/typebox'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, type ValidationError } from '../vocabulary/api-error.ts'
import { maxErrors } from './bounded-validation.ts'
import { type ProblemCode, problemTypes, problemUrn } from './problem-types.ts'
import { apiErrorOfValidation } from './validation-errors.ts'

const ValidationErrorSchema = Type.Object(
  {
    in: Type.Unsafe<ValidationError['in']>({
      type: 'string',
      enum: ['body', 'query', 'header', 'path'],
      description: 'Part of the request with the error.',
    }),
    pointer: Type.String({ description: 'JSON pointer into the body, or the name of the parameter.' }),
    code: Type.String({ description: 'Error code of the field.' }),
    detail: Type.String({ description: 'What is wrong and how to correct it.' }),
  },
  { title: 'ValidationError', description: 'Error in a part of the request.' },
)

/** What a provider returned with an error. */
export const ProviderFailure = Type.Object(
  {
    id: Type.String({ description: 'Provider id.' }),
    httpStatus: Type.Optional(Type.Integer({ description: 'HTTP status returned by the provider.' })),
    code: Type.Optional(Type.String({ description: 'Error code returned by the provider.' })),
    message: Type.Optional(Type.String({ description: 'Message returned by the provider, redacted.' })),
  },
  { title: 'ProviderFailure', description: 'Provider error.' },
)

/** RFC 9457. Programs act on `code`; `detail` names what was sent, the rule, and what to do. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({
      description: 'URN of the problem type: `urn:switchyard:problem:` and the code.',
      examples: ['urn:switchyard:problem:not_found'],
    }),
    title: Type.String({ description: 'Summary of the problem type.' }),
    status: Type.Integer({ description: 'HTTP status code.' }),
    detail: Type.String({ description: 'What is wrong with this request and how to correct it.' }),
    instance: Type.String({ description: 'Request path.' }),
    code: Type.String({ description: 'Stable error code. New codes may be added.' }),
    documentation: Type.Optional(
      Type.String({ description: 'URL of the explanation of the code: its meaning, and what to do.' }),
    ),
    errors: Type.Array(ValidationErrorSchema, { description: 'Individual errors.' }),
    requestId: Type.String({ description: 'Request id, also in the `X-Request-Id` header and the logs.' }),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
    provider: Type.Optional(ProviderFailure),
  },
  { $id: 'Problem', description: 'RFC 9457 problem details.' },
)

export type Problem = Static<typeof ProblemSchema>

/** Sends an error as a problem. An error other than ApiError is internal: logged in full, returned without details. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { apiError, status, problem } = problemFor(error, request)
  request.problemCode = problem.code
  if (apiError?.retryAfterSeconds !== undefined) void reply.header('retry-after', apiError.retryAfterSeconds)
  if (status === 401) void reply.header('www-authenticate', 'Bearer')
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem))
}

/** The problem of an error. An error other than ApiError is logged. */
export function problemFor(
  error: unknown,
  request: FastifyRequest,
): { apiError: ApiError | null; status: number; problem: Problem } {
  const apiError = asApiError(error, request)
  if (apiError === null) request.log.error({ err: error }, 'request failed')
  const { status } = problemTypes[apiError?.code ?? 'internal']
  return { apiError, status, problem: problemOf(apiError, status, request) }
}

function problemOf(apiError: ApiError | null, status: number, request: FastifyRequest): Problem {
  const code = apiError?.code ?? 'internal'
  return {
    type: problemUrn(code),
    title: problemTypes[code].title,
    status,
    detail: apiError?.message ?? 'Internal error. The service log has details under this request id.',
    instance: request.url.split('?', 1)[0] ?? '/',
    code,
    ...documentationOf(code, request),
    errors: (apiError?.errors ?? []).slice(0, maxErrors),
    requestId: request.id,
    retryable: apiError?.isRetryable ?? problemTypes[code].isRetryable === true,
    ...(apiError?.provider === undefined ? {} : { provider: apiError.provider }),
  }
}

/** The page that explains a code; none if the service serves no documentation. */
function documentationOf(code: ProblemCode, { server }: FastifyRequest): Pick<Problem, 'documentation'> {
  return server.problemPages === null ? {} : { documentation: `${server.problemPages}/${code}` }
}

function asApiError(error: unknown, request: FastifyRequest): ApiError | null {
  if (error instanceof ApiError) return error
  const fastifyError = error as Partial<FastifyError>
  if (fastifyError.validation !== undefined) return apiErrorOfValidation(fastifyError as FastifyError, request)
  return fromFramework(fastifyError)
}

/** Errors of Fastify itself, before any handler runs. */
function fromFramework({ code, statusCode, message }: Partial<FastifyError>): ApiError | null {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('payload_too_large', 'The body exceeds the maximum size. Reduce the body size.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError('unsupported_media_type', 'Send JSON, with Content-Type: application/json.')
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new ApiError('invalid_request', 'The body is not valid JSON.')
    default:
      if (statusCode === 413)
        return new ApiError('payload_too_large', 'The body exceeds the maximum size. Reduce the body size.')
      if (statusCode === 503)
        return new ApiError('unavailable', 'The service is temporarily unavailable. Retry later.', {
          retryAfterSeconds: 1,
        })
      if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
        return new ApiError('invalid_request', message ?? 'The request is not valid.')
      return null
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    /** URL of the explanations of problem types; null if they are not served. */
    problemPages: string | null
  }
  interface FastifyRequest {
    /** Code of the problem that was returned. */
    problemCode: string | null
  }
}
