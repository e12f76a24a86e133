import { startSandbox } from '../../src/sandbox/server.ts'
import { type Reply, type SdkKeys, sdkAuthorization, sdkDate, send } from './modelarts-client.ts'

type Options = Parameters<typeof startSandbox<'modelarts'>>[0]

/** Differences of a signed request from a valid one. */
export interface SignedOptions {
  keys?: SdkKeys
  /** Time of the signature, in epoch ms. */
  at?: number
  body?: unknown
  query?: readonly (readonly [string, string])[]
  /** The body to send, if it differs from the signed one. */
  sentBody?: unknown
  /** Signed with the others. An empty header is omitted. */
  headers?: Record<string, string>
  /** Sent but not signed. `authorization` replaces the signature. */
  unsigned?: Record<string, string>
}

/** A sandbox of ModelArts only, with an adjustable clock and callers with a token and with keys. */
export async function startModelarts(options: Options = {}) {
  const time = { ms: Date.parse('2026-01-05T00:00:00Z') }
  const clock = { now: () => time.ms }
  const sandbox = await startSandbox({ providers: ['modelarts'], clock, ...options })
  const url = sandbox.urls.modelarts
  const account = sandbox.accounts.modelarts
  const login = (caller = account, scope: object = { project: { name: caller.region } }): Promise<Reply> => {
    const user = { name: caller.userName, password: caller.password, domain: { name: caller.domainName } }
    const auth = { identity: { methods: ['password'], password: { user } }, scope }
    return send(url, {
      method: 'POST',
      path: '/v3/auth/tokens',
      headers: { 'content-type': 'application/json;charset=utf8' },
      body: JSON.stringify({ auth }),
    })
  }
  const tokenOf = async (...args: Parameters<typeof login>) => String((await login(...args)).headers['x-subject-token'])
  const signed = (method: string, path: string, { body, query, at = time.ms, ...rest }: SignedOptions = {}) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headersToSign = {
      'content-type': 'application/json',
      host: new URL(url).host,
      'X-Project-Id': account.projectId,
      'X-Sdk-Date': sdkDate(at),
      ...rest.headers,
    }
    const headers = Object.fromEntries(Object.entries(headersToSign).filter(([, value]) => value !== ''))
    const request = { method, path, headers, ...(query && { query }), ...(text !== undefined && { body: text }) }
    const authorization = sdkAuthorization(rest.keys ?? account, request)
    const sentBody = rest.sentBody === undefined ? {} : { body: JSON.stringify(rest.sentBody) }
    return send(url, { ...request, ...sentBody, headers: { ...headers, authorization, ...rest.unsigned } })
  }
  const token = await tokenOf()
  /** Calls with a token. The path is relative to the project, such as `v1/notebooks`. */
  const call = (requestLine: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> => {
    const [method = '', path = ''] = requestLine.split(' ')
    const [version, ...rest] = path.split('/')
    const [resource = '', query] = rest.join('/').split('?')
    return send(url, {
      method,
      path: `/${version}/${account.projectId}/${resource}`,
      ...(query !== undefined && { query: [...new URLSearchParams(query)] }),
      headers: { 'content-type': 'application/json', 'x-auth-token': token, ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  }
  return { sandbox, url, account, time, login, tokenOf, signed, call, settings: sandbox.settings.modelarts }
}
