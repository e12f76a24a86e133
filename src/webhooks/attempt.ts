import { LRUCache } from 'lru-cache'
import { Agent, type buildConnector, type Dispatcher } from 'undici'
import type { NoResponseReason } from './webhook-endpoint.ts'

/** HTTP message to send. */
export interface Message {
  url: string
  headers: Readonly<Record<string, string>>
  body: string
}

/** Response of an endpoint; `retryAfter` is the raw header value. */
export type EndpointResponse = { httpStatus: number; retryAfter: string | null } | { reason: NoResponseReason }

export interface Attempts {
  /** Posts once: no retry, no redirect, with a timeout. Rejects only if `signal` aborts it before the status line. */
  post(message: Message, signal: AbortSignal): Promise<EndpointResponse>
  close(): Promise<void>
}

interface Deps {
  /** Opens the sockets; checks the egress rules at each connection. */
  connector(): buildConnector.connector
  /** Error code of a connection that those rules deny. */
  egressDeniedCode: string
  /** Reason why the egress rules deny a URL, judged by its text; null = allowed so far. */
  egressDenial(url: string): string | null
  timeoutMs: number
}

/** Limits of the response body, which is read and discarded; a longer or slower one closes the connection. */
const maxBodyBytes = 16_384
const maxBodyMs = 1000
/** Maximum agents with open sockets; each serves one origin. */
const maxAgents = 128

export function makeAttempts(deps: Deps): Attempts {
  const { timeoutMs } = deps
  // `close` waits for the requests in flight.
  const agents = new LRUCache<string, Agent>({ max: maxAgents, dispose: (agent) => void agent.close() })

  function agentOf(origin: string): Agent {
    const known = agents.get(origin)
    if (known !== undefined) return known
    const agent = new Agent({ connect: deps.connector(), headersTimeout: 0, bodyTimeout: 0 })
    agents.set(origin, agent)
    return agent
  }

  return {
    async post({ url, headers, body }, signal) {
      const { origin, pathname, search } = new URL(url)
      const limit = AbortSignal.timeout(timeoutMs)
      const options = { origin, path: pathname + search, method: 'POST', headers, body } as const
      try {
        const over = AbortSignal.any([limit, signal])
        const response = agentOf(origin).request({ ...options, signal: over })
        return await endpointResponseOf(await Promise.race([response, aborted(over)]))
      } catch (error) {
        if (signal.aborted) throw error
        if (limit.aborted) return { reason: 'timeout' }
        return { reason: deps.egressDenial(url) === null ? reasonOf(error, deps.egressDeniedCode) : 'egress_denied' }
      }
    },

    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
    },
  }
}

/** The status line decides: neither an endless body nor the timeout of the attempt changes the result afterwards. */
async function endpointResponseOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<EndpointResponse> {
  await body.dump({ limit: maxBodyBytes, signal: AbortSignal.timeout(maxBodyMs) }).catch(() => {})
  return { httpStatus: statusCode, retryAfter: first(headers['retry-after']) }
}

/** A request that is still connecting ignores its signal. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}

const notConnected: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'],
])

/** A denied internal name is reported like an unknown one, so that internal names are not disclosed. */
function reasonOf(error: unknown, egressDeniedCode: string): NoResponseReason {
  const code = codeOf(error)
  // A failed handshake has an OpenSSL error code.
  const isTls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH)/.test(code)
  const isProxy = code.startsWith('EGRESS_PROXY_')
  return isTls || isProxy || code === egressDeniedCode || notConnected.has(code) ? 'unreachable' : 'connection_lost'
}

/** Error code; that of the first address if several were tried. */
function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: readonly unknown[] }
  if (typeof code === 'string') return code
  return errors === undefined || errors.length === 0 ? '' : codeOf(errors[0])
}

function first(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null
}
