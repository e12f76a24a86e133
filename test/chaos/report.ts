import { faultNames, type Verdict } from './verifier.ts'

export interface Report {
  seed: string
  verdict: Verdict
  /** Milliseconds from the last fault or a later request until all records of a provider settled; null = never. */
  settledAfterMs: Record<string, number | null>
  /** Number of fired faults by kind. */
  faultCounts: Record<string, number>
  /** Number of rejected requests by error. */
  rejections: Record<string, number>
}

const columns = ['accepted', 'settled', 'parked', ...faultNames] as const
const maxFindings = 30

/** The report as a text table. */
export function formatReport({ verdict, settledAfterMs, faultCounts, rejections }: Report): string {
  const head = ['provider', ...columns, 'worst settle']
  const rows = Object.entries(verdict.byProvider).map(([provider, tally]) => [
    provider,
    ...columns.map((column) => String(tally[column])),
    seconds(settledAfterMs[provider]),
  ])
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)))
  const line = (cells: readonly string[]) => cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('  ')
  const faults = Object.entries(faultCounts).map(([kind, times]) => `${kind} ${times}`)
  return [
    [head, ...rows].map(line).join('\n'),
    ...Object.entries(rejections).map(([reason, times]) => `rejected ${times} times: ${reason}`),
    `faults of the sandbox: ${faults.join(', ')}`,
    ...verdict.findings
      .slice(0, maxFindings)
      .map(({ fault, provider, detail }) => `  ✗ ${fault}, ${provider}: ${detail}`),
    verdict.isClean
      ? 'Nothing was created twice, lost, left stuck or orphaned.'
      : `${verdict.findings.length} findings.`,
  ].join('\n')
}

function seconds(ms: number | null | undefined): string {
  if (ms === undefined) return '-'
  return ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`
}
