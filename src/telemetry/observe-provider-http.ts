import { codeOf } from '../providers/provider-error.ts'
import type { HttpClient } from '../providers/session.ts'
import type { Tracing } from './tracing.ts'

/**
 * Traces each HTTP attempt of a provider call: method, host and status. Not the path, the query and the headers, which
 * may hold secrets. Providers are not sent a `traceparent`: they belong to others, and signatures cover the headers.
 */
export function observedHttp<C extends HttpClient>(client: C, baseUrl: string, tracing: Pick<Tracing, 'span'>): C {
  return {
    ...client,
    send(request) {
      const { method, origin = baseUrl } = request
      const attributes = { 'http.request.method': method, 'server.address': hostOf(origin) }
      return tracing.span({ name: method, kind: 'client', attributes }, async (span) => {
        try {
          const response = await client.send(request)
          span.set({ 'http.response.status_code': response.status })
          if (response.status >= 400) span.fail(String(response.status))
          return response
        } catch (error) {
          span.fail(codeOf(error))
          throw error
        }
      })
    },
  }
}

/** Without a user and password. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}
