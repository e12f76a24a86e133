import { type TSchema, Type } from '@sinclair/typebox'
import { type AnswerHeader, withHeaders } from './headers.ts'
import { ProblemSchema } from './problem.ts'

/** Shapes that several resources share. */

/** `{data, nextCursor?}` of a named record. */
export function pageOf(recordId: string, pageId: string, description: string) {
  return Type.Object(
    {
      data: Type.Array(Type.Ref(recordId)),
      nextCursor: Type.Optional(
        Type.String({ description: 'Send it as `cursor` for the next page; absent on the last one.' }),
      ),
    },
    { $id: pageId, description },
  )
}

export const limitQuery = Type.Integer({
  minimum: 1,
  maximum: 200,
  default: 50,
  description: 'Records on a page at most.',
})
export const cursorQuery = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: '`nextCursor` of the page before.',
})

export const afterQuery = Type.Integer({
  minimum: 0,
  maximum: 2_147_483_647,
  default: 0,
  description: 'Only events after this `seq`.',
})

const problem = { content: { 'application/problem+json': { schema: Type.Ref(ProblemSchema.$id as string) } } }

const explanations: Readonly<Record<number, string>> = {
  400: 'The request is not of the form that this route takes.',
  401: 'No valid API key.',
  403: 'The scopes or the quota do not permit it.',
  404: 'There is none in this project.',
  409: 'Not possible in this state.',
  410: 'What comes after the cursor is not kept any more.',
  412: 'The record is not at the version that `If-Match` names.',
  413: 'The body is too large.',
  415: 'The body is not JSON, or in a coding such as gzip.',
  422: 'The provider, or another field, forbids it.',
  429: 'Too many requests.',
  502: 'The provider did not do it.',
  503: 'Overloaded, or a part that is needed is away.',
}

const headers: Readonly<Record<number, readonly AnswerHeader[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  502: ['Retry-After'],
  415: ['Accept-Encoding'],
  503: ['Retry-After'],
}

/** The refusals of a route, as its OpenAPI responses: what any route may answer, and `more` beside it. */
export function refusals(...more: number[]): Record<number, TSchema> {
  const codes = [400, 401, 403, ...more, 429, 503]
  return Object.fromEntries(
    codes.map((code) => {
      const schema = { description: explanations[code] ?? 'Refused.', ...problem } as unknown as TSchema
      return [code, headers[code] === undefined ? schema : withHeaders(schema, ...headers[code])]
    }),
  )
}

/** A 304 has no body. */
export function notModified(...more: readonly AnswerHeader[]): Record<304, TSchema> {
  return { 304: withHeaders(Type.Null({ description: 'It is still as the client knows it.' }), 'ETag', ...more) }
}
