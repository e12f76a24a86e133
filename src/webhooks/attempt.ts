import { LRUCache } from 'lru-cache'
import { Agent, type buildConnector, type Dispatcher } from 'undici'
import type { SilentReason } from './webhook-endpoint.ts'

/** A message as it leaves. */
export interface Message {
  url: string
  headers: Readonly<Record<string, string>>
  body: string
}

/** How an endpoint answered; `retryAfter` as it stood in the header. */
export type EndpointResponse = { httpStatus: number; retryAfter: string | null } | { reason: SilentReason }

export interface Attempts {
  /** Posts once: no retry, no redirect, bounded in time. Rejects only when `signal` cuts it off before the status line. */
  post(message: Message, signal: AbortSignal): Promise<EndpointResponse>
  close(): Promise<void>
}

interface Deps {
  /** Opens the sockets: the egress rules, judged at each connection. */
  connector(): buildConnector.connector
  /** Error code of a connection that those rules deny. */
  egressDeniedCode: string
  /** Why nothing is sent to a URL, as far as its text tells; null = it may be tried. */
  egressDenial(url: string): string | null
  timeoutMs: number
}

/** Of an answer's body so much is read, for so long, and discarded; a body that is longer or slower costs its connection. */
const maxBodyBytes = 16_384
const maxBodyMs = 1000
/** Agents that keep sockets open, each for one origin. */
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
        const answered = agentOf(origin).request({ ...options, signal: over })
        return await answerOf(await Promise.race([answered, aborted(over)]))
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

/** The status line decides: a body that never ends, or the end of the time for the whole attempt, changes nothing any more. */
async function answerOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<EndpointResponse> {
  await body.dump({ limit: maxBodyBytes, signal: AbortSignal.timeout(maxBodyMs) }).catch(() => {})
  return { httpStatus: statusCode, retryAfter: first(headers['retry-after']) }
}

/** A request that is still connecting does not hear its signal. */
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
function reasonOf(error: unknown, egressDeniedCode: string): SilentReason {
  const code = codeOf(error)
  // A failed handshake has OpenSSL's own codes.
  const isTls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH)/.test(code)
  return isTls || code === egressDeniedCode || notConnected.has(code) ? 'unreachable' : 'connection_lost'
}

/** Of several addresses that were tried, the first one's. */
function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: readonly unknown[] }
  if (typeof code === 'string') return code
  return errors === undefined || errors.length === 0 ? '' : codeOf(errors[0])
}

function first(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null
}
