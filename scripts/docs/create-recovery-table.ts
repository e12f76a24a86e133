import type { KindDescription, ProviderDescription } from '../../src/capabilities/provider.schemas.ts'
import { code, table, withGeneratedPart } from './markdown.ts'
import { partsOf } from './provider-parts.ts'
import { duration } from './provider-reference.ts'

const head = ['Provider', 'Kind', 'Correlation tag', 'Field', 'Names', 'Absence conclusive after', 'Retention']

/**
 * Generates docs/exactly-once.md with its table by provider: the correlation tag, and when its absence is conclusive.
 */
export function generateCreateRecoveryTable(page: string, described: readonly ProviderDescription[]): string {
  const rows = described.flatMap((provider) =>
    partsOf(provider).map(({ kind, choice, does }) => [
      `[${provider.id}](providers/${provider.id}.md)`,
      choice === undefined ? kind : `${kind}, ${code(choice)}`,
      ...cellsOf(does),
    ]),
  )
  return withGeneratedPart(page, { name: 'create-recovery', heading: 'By provider', text: table(head, rows) })
}

function cellsOf({ createRecovery, uniqueNames }: KindDescription): string[] {
  const { tagLength, tagField, maxProcessingMs, listConsistencyLagMs, retentionMs } = createRecovery
  return [
    `${tagLength} characters`,
    tagField === undefined ? 'none' : tagField === 'the address' ? tagField : code(tagField),
    uniqueNames ? 'unique' : 'not unique',
    `${duration(maxProcessingMs)} + ${duration(listConsistencyLagMs)}`,
    retentionMs === undefined ? 'unlimited' : duration(retentionMs),
  ]
}
