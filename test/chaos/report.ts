import { faultNames, type Verdict } from './verifier.ts'

export interface Report {
  seed: string
  verdict: Verdict
  /** Milliseconds from the last fault, or a later request, until the last record of a provider had settled; null = never. */
  settledAfterMs: Record<string, number | null>
  struck: Record<string, number>
  /** How often each reason was given for promising nothing. */
  refusals: Record<string, number>
}

const columns = ['accepted', 'settled', 'parked', ...faultNames] as const
const mostFindings = 30

/** The report as a table for a person. */
export function formatReport({ verdict, settledAfterMs, struck, refusals }: Report): string {
  const head = ['provider', ...columns, 'worst settle']
  const rows = Object.entries(verdict.byProvider).map(([provider, tally]) => [
    provider,
    ...columns.map((column) => String(tally[column])),
    seconds(settledAfterMs[provider]),
  ])
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)))
  const line = (cells: readonly string[]) => cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('  ')
  const faults = Object.entries(struck).map(([kind, times]) => `${kind} ${times}`)
  return [
    [head, ...rows].map(line).join('\n'),
    ...Object.entries(refusals).map(([reason, times]) => `refused ${times} times: ${reason}`),
    `faults of the sandbox that struck: ${faults.join(', ')}`,
    ...verdict.findings
      .slice(0, mostFindings)
      .map(({ what, provider, detail }) => `  ✗ ${what}, ${provider}: ${detail}`),
    verdict.isClean
      ? 'Nothing was created twice, lost, left stuck or orphaned.'
      : `${verdict.findings.length} findings.`,
  ].join('\n')
}

function seconds(ms: number | null | undefined): string {
  if (ms === undefined) return '-'
  return ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`
}
