import type { HttpClient, HttpRequest, HttpResponse } from '../../src/providers/session.ts'
import type { Json } from '../../src/vocabulary/json.ts'

/** An HTTP client that records requests and can alter responses. */
export interface WireTap extends HttpClient {
  readonly requests: readonly HttpRequest[]
  /** Creating requests: only those have a deadline for sending. */
  creations(): readonly HttpRequest[]
  /** Tokens and signatures that authenticated the requests. */
  authSecrets(): readonly string[]
  /** Alters each response before the driver reads it; null = unaltered. */
  alter: ((response: HttpResponse, request: HttpRequest) => HttpResponse) | null
  /** Returns recorded responses for repeated requests, without sending them. */
  isReplaying: boolean
}

/** Headers that, by the documentation of some vendor, authenticate a request. */
const authHeader = /token|signature|authorization|password|cookie|secret/
/** Separates the steps of a path; contained in no vendor's key. */
export const separator = ' › '
/** Limits the search: a thousand creates have a thousand signatures. */
const maxAuthSecrets = 100

export function tapWire(http: HttpClient): WireTap {
  const requests: HttpRequest[] = []
  const responses = new Map<string, HttpResponse>()
  const tap: WireTap = {
    requests,
    alter: null,
    isReplaying: false,
    async send(request) {
      requests.push(request)
      const { method, origin, target, body } = request
      const key = JSON.stringify([method, origin, target, String(body)])
      const recorded = tap.isReplaying ? responses.get(key) : undefined
      const response = recorded ?? (await http.send(request))
      if (tap.isReplaying) responses.set(key, response)
      return tap.alter === null ? response : tap.alter(response, request)
    },
    creations: () => requests.filter(({ sendBy }) => sendBy !== undefined),
    authSecrets: () => [...new Set(requests.flatMap(authSecretsOf))].slice(0, maxAuthSecrets),
  }
  return tap
}

/** Tokens and signatures in headers: the part of `Authorization` after its scheme, and its signature. */
function authSecretsOf({ headers = {} }: HttpRequest): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (!authHeader.test(name)) return []
    const signature = /Signature=(\w+)/.exec(value)?.[1]
    return [signature ?? value.replace(/^(Bearer|Basic|token) /i, '')]
  })
}

/** The same response with undocumented fields in each of its objects. */
export function withUndocumentedFields(response: HttpResponse): HttpResponse {
  const isJson = /^\s*[[{]/.test(response.text)
  return isJson ? { ...response, text: JSON.stringify(decorated(JSON.parse(response.text))) } : response
}

function decorated(value: Json): Json {
  if (Array.isArray(value)) return value.map(decorated)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, decorated(item)])
  return { ...Object.fromEntries(entries), undocumented: [1, null, { of: 'something new' }] }
}

/** The path of every value in a JSON response: `data › list › 0 › status`. */
export function pathsIn({ text }: HttpResponse): readonly string[] {
  return /^\s*[[{]/.test(text) ? pathsOf(JSON.parse(text), []) : []
}

function pathsOf(value: Json, above: readonly string[]): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => {
    const path = [...above, key]
    return [path.join(separator), ...pathsOf(item, path)]
  })
}

/** Removes the value at a path of each response, or replaces it. */
export function altered(path: string, replacement?: Json) {
  return (response: HttpResponse): HttpResponse => {
    if (!pathsIn(response).includes(path)) return response
    const body = JSON.parse(response.text)
    const steps = path.split(separator)
    const last = steps.pop() ?? ''
    const holder = steps.reduce((from, step) => from[step], body)
    if (replacement !== undefined) holder[last] = replacement
    else if (Array.isArray(holder)) holder.splice(Number(last), 1)
    else delete holder[last]
    return { ...response, text: JSON.stringify(body) }
  }
}

/** Replaces each response by an HTML page of a proxy. */
export function proxyPage(status: number) {
  return (): HttpResponse => ({
    status,
    headers: { 'content-type': 'text/html' },
    text: `<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>`,
  })
}

/** An error response that repeats headers and body of the request where vendors put messages. */
export function echoing(status: number, form: 'json' | 'text') {
  return (_response: HttpResponse, { headers, body }: HttpRequest): HttpResponse => {
    const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`)
    const message = `refused: ${lines.join(' | ')} | ${String(body ?? '')}`
    const json = { message, msg: message, error_msg: message, error_message: message, error_code: 'X.1', code: '99999' }
    const text =
      form === 'text' ? message : JSON.stringify({ ...json, success: false, data: message, error: { message } })
    return { status, headers: {}, text }
  }
}
