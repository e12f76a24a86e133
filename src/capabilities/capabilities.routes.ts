import { Type } from '@sinclair/typebox'
import { refusals } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { Refusal } from '../vocabulary/refusal.ts'
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
  /** Every provider; asked once. */
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

/** What each provider can do. Also names the schema `ConnectionCapabilities`, which the routes of connections answer with. */
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
        summary: 'List the providers',
        description: 'All of them on one page, with what each can do in short.',
        response: { 200: Type.Ref('ProviderList'), ...refusals() },
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
        summary: 'Read what a provider can do',
        description:
          'The fields that it honours and their rules, its options, states and limits, and what a connection to it needs.',
        params: Type.Object({ provider: Type.String({ description: "The provider's id.", examples: ['dataforest'] }) }),
        response: { 200: Type.Ref('Provider'), ...refusals(404) },
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

function unknownProvider(id: string, known: readonly string[]): Refusal {
  const detail = `There is no provider ${JSON.stringify(id)}. There are: ${known.join(', ')}.`
  return new Refusal('not_found', detail, { errors: [{ in: 'path', pointer: 'provider', code: 'not_found', detail }] })
}
