import { table, withGeneratedPart } from '../markdown.ts'
import { alerts } from './alerts.ts'

/** Generates the list of alerts in docs/observability.md. */
export function generateAlertsTable(page: string): string {
  const rows = alerts.map(({ name, severity, for: duration, summary }) => [
    `[${name}](runbooks/${name}.md)`,
    severity,
    duration,
    summary.replace(/\{\{ \$(?:labels\.)?(\w{1,40})[^}]{0,60}\}\}/g, '*$1*'),
  ])
  return withGeneratedPart(page, {
    name: 'alerts',
    heading: 'Alerts',
    text: table(['Alert', 'Severity', 'After', 'Summary'], rows),
  })
}
