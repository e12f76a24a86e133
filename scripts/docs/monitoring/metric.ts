import type { HistogramName, MetricName } from '../../../src/telemetry/metric-list.ts'

/** The name of a metric in a query. A name that the list lacks does not compile. */
export const metric = (name: MetricName): string => `switchyard_${name}`

/** Events per second of a histogram, by these labels. */
export const rateOf = (name: HistogramName, by: string, selector = '', range = '$__rate_interval'): string =>
  `sum by (${by}) (rate(${metric(name)}_count${selector}[${range}]))`

/** A quantile of a histogram in seconds, by these labels. */
export function quantileOf(quantile: number, name: HistogramName, by: string, range = '$__rate_interval'): string {
  const labels = ['le', ...(by === '' ? [] : [by])].join(', ')
  return `histogram_quantile(${quantile}, sum by (${labels}) (rate(${metric(name)}_bucket[${range}])))`
}
