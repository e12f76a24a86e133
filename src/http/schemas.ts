import { type TSchema, Type } from '@sinclair/typebox'
import { type ResponseHeader, withHeaders } from './headers.ts'
import { ProblemSchema } from './problem.ts'

/** Schemas shared by several resources. */

/** `{data, nextCursor?}` of a named record. */
export function pageOf(recordId: string, pageId: string, description: string) {
  return Type.Object(
    {
      data: Type.Array(Type.Ref(recordId), { description: 'Records of the page.' }),
      nextCursor: Type.Optional(Type.String({ description: 'Cursor of the next page; absent on the last page.' })),
    },
    { $id: pageId, description },
  )
}

export const limitQuery = Type.Integer({
  minimum: 1,
  maximum: 200,
  default: 50,
  description: 'Page size.',
})
export const cursorQuery = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: '`nextCursor` from the previous page.',
})

export const afterQuery = Type.Integer({
  minimum: 0,
  maximum: 2_147_483_647,
  default: 0,
  description: 'Return only events with a higher `seq`.',
})

const problem = { content: { 'application/problem+json': { schema: Type.Ref(ProblemSchema.$id as string) } } }

const explanations: Readonly<Record<number, string>> = {
  400: 'Invalid request.',
  401: 'Missing or invalid credentials.',
  403: 'Forbidden: a scope is missing or a quota is exceeded.',
  404: 'Not found in this project.',
  409: 'Conflict with the current state.',
  410: 'Cursor expired: the events after it have been deleted.',
  412: 'Precondition failed: the current version does not match `If-Match`.',
  413: 'Request body too large.',
  415: 'Unsupported media type: the body must be uncompressed JSON.',
  422: 'Unprocessable request: rejected by provider constraints or by rules between fields.',
  429: 'Too many requests.',
  502: 'The provider failed or rejected the request.',
  503: 'Service unavailable.',
}

const headers: Readonly<Record<number, readonly ResponseHeader[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  502: ['Retry-After'],
  415: ['Accept-Encoding'],
  503: ['Retry-After'],
}

/** Error responses of a route for OpenAPI: the common ones and `more`. */
export function errorResponses(...more: number[]): Record<number, TSchema> {
  const codes = [400, 401, 403, ...more, 429, 503]
  return Object.fromEntries(
    codes.map((code) => {
      const schema = { description: explanations[code] ?? 'Request failed.', ...problem } as unknown as TSchema
      return [code, headers[code] === undefined ? schema : withHeaders(schema, ...headers[code])]
    }),
  )
}

/** A 304 has no body. */
export function notModified(...more: readonly ResponseHeader[]): Record<304, TSchema> {
  return { 304: withHeaders(Type.Null({ description: 'Not modified.' }), 'ETag', ...more) }
}
