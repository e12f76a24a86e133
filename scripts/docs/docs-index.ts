import type { ProviderDescription } from '../../src/capabilities/provider.schemas.ts'
import { table, withGeneratedPart } from './markdown.ts'
import { partsOf } from './provider-parts.ts'

/** Generates docs/README.md with the page of each provider. */
export function generateDocsIndex(page: string, described: readonly ProviderDescription[]): string {
  const rows = described.map((provider) => [
    `[${provider.title}](providers/${provider.id}.md)`,
    [...new Set(partsOf(provider).map(({ kind }) => `${kind}s`))].join(', '),
  ])
  return withGeneratedPart(page, { name: 'providers', heading: 'Providers', text: table(['Provider', 'Kinds'], rows) })
}
