import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { targetErrors } from '../vocabulary/request-target.ts'
import type { Scope } from '../vocabulary/scopes.ts'
import type { Preview, PreviewResult } from '../workloads/intake/preview.ts'
import type { Submission } from '../workloads/intake/submission.ts'
import { Problem } from './record.schemas.ts'

export const PreviewSchema = Type.Object(
  {
    valid: Type.Boolean({ description: 'Whether the request would be accepted.' }),
    problems: Type.Array(Problem, {
      description: 'Validation errors; empty if the request is valid. `rejected`: by the provider.',
    }),
    effectiveRequest: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Request with defaults applied.',
    }),
    request: Type.Optional(
      Type.Object(
        {
          method: Type.String({ description: 'HTTP method.' }),
          url: Type.String({ description: 'URL.' }),
          headers: Type.Optional(
            Type.Record(Type.String(), Type.String(), { description: 'Headers other than authentication.' }),
          ),
          body: Type.Optional(Type.Unknown({ description: 'Request body.' })),
        },
        {
          title: 'ProviderRequest',
          description:
            'Provider request as it would be sent, without authentication and secrets. Contains an example correlation tag, and `remote-id-of-env_…` for an environment that does not exist yet.',
        },
      ),
    ),
    acceptedByProvider: Type.Optional(
      Type.Boolean({
        description: 'Whether the provider would accept the request; absent if it was not asked.',
      }),
    ),
  },
  { $id: 'Preview', description: 'Result of a dry run. Nothing is stored or created.' },
)

const previewQuery = Type.Object(
  {
    askProvider: Type.Optional(
      Type.Boolean({
        description:
          '`true`: also asks the provider, which creates nothing. Returns 422 if it has no dry run: see `dryRun` of the capabilities.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Registers `POST /<plural>/preview`. */
export function registerPreview<K extends Kind>(
  server: HttpServer,
  about: { plural: string; singular: string; tag: string; scope: Scope; summary: string },
  {
    preview,
    submissionOf,
  }: { preview: Preview; submissionOf(request: FastifyRequest, key: string | null): Submission<K> },
): void {
  const { plural, singular, tag, scope, summary } = about
  server.post(
    `/${plural}/preview`,
    {
      config: { scopes: [scope], bodyRules: targetErrors },
      schema: {
        tags: [tag],
        operationId: `preview${singular}`,
        summary,
        description:
          'Returns validation errors, the request with defaults applied, and the provider request. Nothing is stored or created.',
        querystring: previewQuery,
        body: Type.Ref(`${singular}Request`),
        response: { 200: Type.Ref('Preview'), ...errorResponses(404, 409, 413, 415, 422, 502) },
      },
    },
    async (request) => {
      const { askProvider = false } = request.query as { askProvider?: boolean }
      return viewOf(await preview(submissionOf(request, null), askProvider))
    },
  )
}

function viewOf({ problems, effectiveRequest, request, isAccepted }: PreviewResult<Kind>) {
  return {
    valid: problems.length === 0,
    problems,
    effectiveRequest,
    ...(request === null ? {} : { request: requestViewOf(request) }),
    ...(isAccepted === null ? {} : { acceptedByProvider: isAccepted }),
  }
}

function requestViewOf({ method, url, headers, body }: NonNullable<PreviewResult<Kind>['request']>) {
  return {
    method,
    url,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined || body === null ? {} : { body }),
  }
}
