import type { InstallationMetricName, LabelsOf } from './metric-list.ts'

/** A value with its labels. */
export interface Sample {
  labels: Readonly<Record<string, string>>
  value: number
}

/** The values of a metric of the whole installation, the same on every instance. */
export type Measure = {
  [N in InstallationMetricName]: { name: N; samples: readonly { labels: LabelsOf<N>; value: number }[] }
}[InstallationMetricName]
