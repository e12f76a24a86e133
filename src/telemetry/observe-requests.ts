import type { ObservedRequest } from '../vocabulary/observed-request.ts'
import type { ProcessMetrics } from './metrics.ts'
import { statusClass } from './observe-deliveries.ts'
import type { Attributes, Tracing } from './tracing.ts'

/** The label of requests that no route matched: paths are chosen by clients and must not become labels. */
const noRoute = 'none'

/** Measures requests. */
export function makeMeasureRequest(metrics: Pick<ProcessMetrics, 'observe' | 'count'>) {
  return ({ method, route, status, seconds, isWait, problemCode }: ObservedRequest): void => {
    const labels = { method, route: route ?? noRoute, status: statusClass(status) }
    metrics.observe(isWait ? 'http_wait_duration_seconds' : 'http_request_duration_seconds', labels, seconds)
    if (problemCode !== null) metrics.count('http_problems_total', { route: labels.route, code: problemCode })
  }
}

/** Traces requests: route and status, not the path, the query and the headers, which may hold secrets. */
export function makeTraceRequest({ open }: Pick<Tracing, 'open'>) {
  return (method: string, parent: string | null) => {
    const span = open({ name: method, kind: 'server', parent, attributes: { 'http.request.method': method } })
    return {
      ...{ traceParent: span.traceParent, run: span.run },
      end(request: ObservedRequest): void {
        const { route, status, problemCode } = request
        if (route !== null) span.rename(`${method} ${route}`)
        span.set(attributesOf(request))
        if (status >= 500) span.fail(problemCode ?? String(status))
        span.end()
      },
    }
  }
}

function attributesOf({ id, route, status, problemCode, projectId }: ObservedRequest): Attributes {
  return {
    'http.response.status_code': status,
    'switchyard.request.id': id,
    ...(route === null ? {} : { 'http.route': route }),
    ...(problemCode === null ? {} : { 'switchyard.problem.code': problemCode }),
    ...(projectId === null ? {} : { 'switchyard.project.id': projectId }),
  }
}
