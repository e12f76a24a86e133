import type { KindDescription, ProviderDescription } from '../../src/capabilities/provider.schemas.ts'
import { code, table, withGeneratedPart } from './markdown.ts'
import { partsOf } from './provider-parts.ts'

const head = [
  'Provider',
  'Kind',
  'Actions',
  'Mutable fields',
  'Logs',
  'Access',
  'Catalog',
  'Dry run',
  'Import',
  'Time limit, auto-stop',
  'Environment',
]

/** Generates README.md with the matrix of provider capabilities. */
export function generateProviderMatrix(readme: string, providers: readonly ProviderDescription[]): string {
  return withGeneratedPart(readme, {
    name: 'providers',
    heading: 'Providers',
    text: `${table(head, providers.flatMap(rowsOf))}

\`GET /providers\` returns the same information, and \`GET /connections/{id}/capabilities\` for the settings of one connection.`,
  })
}

function rowsOf(provider: ProviderDescription): string[][] {
  const name = `[${code(provider.id)}](docs/providers/${provider.id}.md): ${provider.title}`
  return partsOf(provider).map(({ kind, choice, does }, index) => [
    index === 0 ? name : '',
    choice === undefined ? kind : `${kind}, ${code(choice)}`,
    ...cellsOf(does),
  ])
}

function cellsOf(does: KindDescription): string[] {
  const { logs, logTimestamps, access, catalog, dryRun, import: imports } = does.capabilities
  return [
    does.actions.join(', ') || '–',
    changesOf(does),
    logTimestamps ? 'with times' : yes(logs),
    yes(access),
    yes(catalog),
    yes(dryRun),
    yes(imports),
    limitOf(does),
    environmentOf(does),
  ]
}

function limitOf({ timeLimit, autoStop }: KindDescription): string {
  const enforcer = timeLimit ?? autoStop
  if (enforcer === undefined) return '–'
  return enforcer === 'provider' ? 'by the provider' : 'by Switchyard'
}

function changesOf({ fields, mutableOptions }: KindDescription): string {
  const changed = [...fields.filter(({ mutable }) => mutable).map(({ path }) => path), ...mutableOptions]
  return changed.map(code).join(', ') || '–'
}

function environmentOf({ environment, exclusiveEnvironment }: KindDescription): string {
  if (environment === 'none') return '–'
  return exclusiveEnvironment ? `${environment}, one job at a time` : environment
}

function yes(is: boolean): string {
  return is ? 'yes' : '–'
}
