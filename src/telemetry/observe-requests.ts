import type { ProcessMetrics } from './metrics.ts'
import { statusClass } from './observe-deliveries.ts'

interface Request {
  method: string
  route: string | null
  status: number
  seconds: number
  isWait: boolean
  problemCode: string | null
}

/** The label of requests that no route matched: paths are chosen by clients and must not become labels. */
const noRoute = 'none'

/** Measures requests. */
export function makeObserveRequest(metrics: Pick<ProcessMetrics, 'observe' | 'count'>) {
  return ({ method, route, status, seconds, isWait, problemCode }: Request): void => {
    const labels = { method, route: route ?? noRoute, status: statusClass(status) }
    metrics.observe(isWait ? 'http_wait_duration_seconds' : 'http_request_duration_seconds', labels, seconds)
    if (problemCode !== null) metrics.count('http_problems_total', { route: labels.route, code: problemCode })
  }
}
