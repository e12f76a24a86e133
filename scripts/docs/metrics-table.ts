import { type MetricDefinition, metricList, processMetricList } from '../../src/telemetry/metric-list.ts'
import { code, table, withGeneratedPart } from './markdown.ts'

const sources: Readonly<Record<MetricDefinition['from'], string>> = {
  api: 'Each API process, about its requests',
  worker: 'Each worker',
  process: 'Each process',
  installation: 'Every API process, about the whole installation',
}

/** Generates docs/observability.md with all metrics, from the list that defines them. */
export function generateMetricsTable(page: string): string {
  const definitions = Object.entries<MetricDefinition>(metricList)
  const parts = Object.entries(sources).map(([from, heading]) => {
    const rows = definitions.flatMap(([name, metric]) => (metric.from === from ? [rowOf(name, metric)] : []))
    const own = from === 'process' ? processRows() : []
    return `### ${heading}\n\n${table(['Metric', 'Type', 'Labels', 'Description'], [...rows, ...own])}`
  })
  return withGeneratedPart(page, { name: 'metrics', heading: 'Metrics', text: parts.join('\n\n') })
}

const processRows = () =>
  Object.entries(processMetricList).map(([name, metric]) => rowOf(name, { ...metric, labels: [] }))

function rowOf(name: string, { type, labels, help }: Pick<MetricDefinition, 'type' | 'labels' | 'help'>): string[] {
  return [code(`switchyard_${name}`), type, labels.map(code).join(' ') || '–', help]
}
