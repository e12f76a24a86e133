import type { PartResult, Round } from './figures.ts'
import type { RuleResult } from './rules.ts'

/** Table of subjects and figures, with each subject's speed relative to the first. */
export function describeResult({ part, unit, medians, rounds }: PartResult): string {
  const subjects = Object.keys(medians)
  const figures = [...new Set(Object.values(medians).flatMap((measured) => Object.keys(measured)))]
  const head = [part, ...figures.map((figure) => (figure === 'rate' ? `${unit}s/s` : figure)), 'ratio']
  const rows = subjects.map((subject) => [
    subject,
    ...figures.map((figure) => shown(medians[subject]?.[figure])),
    ratio(medians, subject, subjects[0] ?? subject),
  ])
  const title = `${part}: medians of ${rounds.length}; CPU, WAL, commits, statements and calls per ${unit}; RSS at its highest`
  return [title, align([head, ...rows])].join('\n')
}

export function describeRuleResults(results: readonly RuleResult[]): string {
  const rows = results.map((result) => [
    `${result.part}: ${result.subject}`,
    result.figure + (result.against === undefined ? '' : ` ÷ ${result.against}`),
    shown(result.value),
    result.atLeast === undefined ? `≤ ${result.atMost}` : `≥ ${result.atLeast}`,
    result.isMet ? 'met' : result.isCount ? 'NOT MET, fails' : 'not met',
  ])
  return align([['bar', 'figure', 'measured', 'asked', ''], ...rows])
}

/** Formats with three significant digits; values of 100 and more as whole numbers. */
export function shown(value: number | undefined): string {
  if (value === undefined) return '–'
  if (value === 0 || Math.abs(value) >= 100) return String(Math.round(value))
  return String(Number(value.toPrecision(3)))
}

function ratio(medians: Round, subject: string, first: string): string {
  const [own, other] = [medians[subject]?.rate, medians[first]?.rate]
  return own === undefined || other === undefined ? '–' : `${(own / other).toFixed(2)} ×`
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}
