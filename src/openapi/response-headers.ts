import { type Header, type OpenApiDocument, operationsOf, type Response } from './document.ts'

const text = (description: string, more: object = {}): Header => ({
  description,
  schema: { type: 'string', ...more },
})

/** Headers of responses that the routes do not declare themselves, since hooks send them. */
const shared: Readonly<Record<string, Header>> = {
  'X-Request-Id': {
    ...text('Request id, also in problem responses and the logs. A valid `X-Request-Id` of the request is kept.'),
    required: true,
  },
  RateLimit: text('Remaining requests and seconds until the window ends: `"default";r=<remaining>;t=<seconds>`.'),
  'RateLimit-Policy': text('Request limit and length of the window: `"default";q=<requests>;w=<seconds>`.'),
  Deprecation: text(
    'Sent if the request uses something deprecated: since when, as `@<seconds since 1970>` (RFC 9745).',
  ),
  Sunset: text(
    'Sent if the request uses something that will be removed: the earliest date, as an HTTP date (RFC 8594).',
  ),
}
export const sharedHeaders: readonly string[] = Object.keys(shared)

const ofEveryOperation = ['X-Request-Id']
const ofKnownCallers = [...ofEveryOperation, 'RateLimit', 'RateLimit-Policy']
const ofGuardedOperations = [...ofKnownCallers, 'Deprecation', 'Sunset']

/** Shared responses that are sent before a hook adds its headers: to unknown callers, or before the body is read. */
const ofEarlyResponses: Readonly<Record<string, readonly string[]>> = {
  Unauthorized: ofEveryOperation,
  ContentTooLarge: ofKnownCallers,
  UnsupportedMediaType: ofKnownCallers,
}

/**
 * Declares the headers of all responses as references to `components/headers`. Headers that routes declare are moved
 * there; one name has one meaning in the whole API. A reference to a shared response has no headers of its own.
 */
export function declareHeaders(document: OpenApiDocument): void {
  const headers: Record<string, Header> = { ...document.components.headers, ...shared }
  const declare = (response: Response, names: readonly string[]) => {
    if (response.$ref !== undefined) return
    for (const [name, header] of Object.entries(response.headers ?? {}))
      if (header.$ref === undefined) headers[name] = shared[name] ?? header
    response.headers = Object.fromEntries(
      [...new Set([...names, ...Object.keys(response.headers ?? {})])].map((name) => [name, refTo(name)]),
    )
  }
  for (const [name, response] of Object.entries(document.components.responses ?? {}))
    declare(response, ofEarlyResponses[name] ?? ofGuardedOperations)
  for (const { security, responses } of operationsOf(document))
    for (const response of Object.values(responses))
      declare(response, security?.length === 0 ? ofEveryOperation : ofGuardedOperations)
  document.components.headers = Object.fromEntries(Object.entries(headers).toSorted(([a], [b]) => a.localeCompare(b)))
}

function refTo(name: string): Header {
  return { $ref: `#/components/headers/${name}` }
}
