import { Type } from '@sinclair/typebox'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { suggestionFor } from '../vocabulary/nearest.ts'
import { summaryOf } from './describe-provider.ts'
import {
  ConnectionCapabilities,
  type ProviderDescription,
  ProviderField,
  ProviderKind,
  ProviderKindSummary,
  ProviderList,
  ProviderSchema,
  ProviderSummary,
} from './provider.schemas.ts'

export interface CapabilitiesRoutesDeps {
  /** Every provider; called once. */
  describe(): readonly ProviderDescription[]
}

const schemas = [
  ProviderField,
  ProviderKindSummary,
  ProviderKind,
  ProviderSummary,
  ProviderList,
  ProviderSchema,
  ConnectionCapabilities,
]
const tags = ['Providers']

/** Registers the provider routes, and the schema `ConnectionCapabilities`, which connection routes return. */
export async function registerCapabilities(server: HttpServer, { describe }: CapabilitiesRoutesDeps): Promise<void> {
  for (const schema of schemas) server.addSchema(schema)
  const described = new Map(describe().map((description) => [description.id, description]))

  server.get(
    '/providers',
    {
      config: { scopes: [] },
      schema: {
        tags,
        operationId: 'listProviders',
        summary: 'List providers',
        description: 'Returns all supported providers with a summary of their capabilities. Not paginated.',
        response: { 200: Type.Ref('ProviderList'), ...errorResponses() },
      },
    },
    async () => ({ data: [...described.values()].map(summaryOf) }),
  )

  server.get(
    '/providers/:provider',
    {
      config: { scopes: [] },
      schema: {
        tags,
        operationId: 'getProvider',
        summary: 'Get a provider',
        description: 'Returns supported fields with constraints, options, states, limits and connection settings.',
        params: Type.Object({ provider: Type.String({ description: 'Provider id.', examples: ['dataforest'] }) }),
        response: { 200: Type.Ref('Provider'), ...errorResponses(404) },
      },
    },
    async (request) => {
      const { provider } = request.params as { provider: string }
      const description = described.get(provider)
      if (description === undefined) throw unknownProvider(provider, [...described.keys()])
      return description
    },
  )
}

function unknownProvider(id: string, known: readonly string[]): ApiError {
  const detail = `There is no provider ${JSON.stringify(id)}. Providers: ${known.join(', ')}.${suggestionFor(id, known)}`
  return new ApiError('not_found', detail, { errors: [{ in: 'path', pointer: 'provider', code: 'not_found', detail }] })
}
