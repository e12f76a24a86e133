import { type Static, Type } from '@sinclair/typebox'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, type ApiErrorCode, type ValidationError } from '../vocabulary/api-error.ts'
import { maxErrors } from './bounded-validation.ts'
import { apiErrorOfValidation } from './validation-errors.ts'

/** HTTP status of each error code. */
const statuses: Readonly<Record<ApiErrorCode, number>> = {
  invalid_request: 400,
  unauthenticated: 401,
  permission_denied: 403,
  quota_exceeded: 403,
  not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  conflict: 409,
  connection_in_use: 409,
  environment_in_use: 409,
  cursor_expired: 410,
  version_mismatch: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  connection_ambiguous: 422,
  connection_not_found: 422,
  idempotency_key_reused: 422,
  unsupported: 422,
  unprocessable: 422,
  rate_limited: 429,
  provider_error: 502,
  unavailable: 503,
}

export const titles: Readonly<Record<ApiErrorCode | 'internal', string>> = {
  invalid_request: 'Invalid request',
  unauthenticated: 'Missing or invalid credentials',
  permission_denied: 'Permission denied',
  quota_exceeded: 'Quota exceeded',
  not_found: 'Not found',
  method_not_allowed: 'Method not allowed',
  not_acceptable: 'Not acceptable',
  conflict: 'Conflict',
  connection_in_use: 'Connection in use',
  environment_in_use: 'Environment in use',
  cursor_expired: 'Cursor expired',
  version_mismatch: 'Version mismatch',
  payload_too_large: 'Request body too large',
  unsupported_media_type: 'Unsupported media type',
  connection_ambiguous: 'Ambiguous connection',
  connection_not_found: 'Connection not found',
  idempotency_key_reused: 'Idempotency key reused with a different body',
  unsupported: 'Not supported by the provider',
  unprocessable: 'Unprocessable request',
  rate_limited: 'Too many requests',
  provider_error: 'Provider error',
  unavailable: 'Service unavailable',
  internal: 'Internal error',
}

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
    errors: Type.Array(ValidationErrorSchema, { description: 'Individual errors.' }),
    requestId: Type.String({ description: 'Request id, also in the `X-Request-Id` header and the logs.' }),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
    provider: Type.Optional(
      Type.Object(
        {
          id: Type.String({ description: 'Provider id.' }),
          httpStatus: Type.Optional(Type.Integer({ description: 'HTTP status returned by the provider.' })),
          code: Type.Optional(Type.String({ description: 'Error code returned by the provider.' })),
          message: Type.Optional(Type.String({ description: 'Message returned by the provider, redacted.' })),
        },
        { title: 'ProviderFailure', description: 'Provider error.' },
      ),
    ),
  },
  { $id: 'Problem', description: 'RFC 9457 problem details.' },
)

export type Problem = Static<typeof ProblemSchema>

const retryable: ReadonlySet<string> = new Set(['rate_limited', 'unavailable', 'provider_error', 'internal'])

/** Sends an error as a problem. An error other than ApiError is internal: logged in full, returned without details. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { refusal, status, problem } = problemFor(error, request)
  if (refusal?.retryAfterSeconds !== undefined) void reply.header('retry-after', refusal.retryAfterSeconds)
  if (status === 401) void reply.header('www-authenticate', 'Bearer')
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem))
}

/** The problem of an error. An error other than ApiError is logged. */
export function problemFor(
  error: unknown,
  request: FastifyRequest,
): { refusal: ApiError | null; status: number; problem: Problem } {
  const refusal = asApiError(error, request)
  if (refusal === null) request.log.error({ err: error }, 'request failed')
  const status = refusal === null ? 500 : statuses[refusal.code]
  return { refusal, status, problem: problemOf(refusal, status, request) }
}

function problemOf(refusal: ApiError | null, status: number, request: FastifyRequest): Problem {
  const code = refusal?.code ?? 'internal'
  return {
    type: `urn:switchyard:problem:${code}`,
    title: titles[code],
    status,
    detail: refusal?.message ?? 'Internal error. The service log has details under this request id.',
    instance: request.url.split('?', 1)[0] ?? '/',
    code,
    errors: (refusal?.errors ?? []).slice(0, maxErrors),
    requestId: request.id,
    retryable: refusal?.isRetryable ?? retryable.has(code),
    ...(refusal?.provider === undefined ? {} : { provider: refusal.provider }),
  }
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
