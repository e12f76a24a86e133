import type { HttpClient, HttpRequest, HttpResponse } from '../../src/providers/session.ts'
import type { Json } from '../../src/vocabulary/json.ts'

/** An HTTP client that notes what passes and can change what comes back. */
export interface WireTap extends HttpClient {
  readonly requests: readonly HttpRequest[]
  /** Requests that make something: only those have a deadline for sending. */
  creations(): readonly HttpRequest[]
  /** What authenticated the requests: tokens and signatures. */
  proofs(): readonly string[]
  /** Changes each answer before the driver sees it; null = as they come. */
  alter: ((response: HttpResponse, request: HttpRequest) => HttpResponse) | null
  /** Asked again what was asked before, it gives the same answer without asking anybody. */
  isReplaying: boolean
}

/** Headers of which every vendor's documents say that they prove who calls. */
const proofHeader = /token|signature|authorization|password|cookie|secret/
/** Between the steps of a place; no key of a vendor holds it. */
export const separator = ' › '
/** A thousand creates have a thousand signatures; the first tell as much as all. */
const maxProofs = 100

export function tapWire(http: HttpClient): WireTap {
  const requests: HttpRequest[] = []
  const answers = new Map<string, HttpResponse>()
  const tap: WireTap = {
    requests,
    alter: null,
    isReplaying: false,
    async send(request) {
      requests.push(request)
      const { method, origin, target, body } = request
      const question = JSON.stringify([method, origin, target, String(body)])
      const known = tap.isReplaying ? answers.get(question) : undefined
      const response = known ?? (await http.send(request))
      if (tap.isReplaying) answers.set(question, response)
      return tap.alter === null ? response : tap.alter(response, request)
    },
    creations: () => requests.filter(({ sendBy }) => sendBy !== undefined),
    proofs: () => [...new Set(requests.flatMap(proofsOf))].slice(0, maxProofs),
  }
  return tap
}

/** Tokens and signatures in a request's headers; of an `Authorization` what follows its scheme, and its signature. */
function proofsOf({ headers = {} }: HttpRequest): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (!proofHeader.test(name)) return []
    const signature = /Signature=(\w+)/.exec(value)?.[1]
    return [signature ?? value.replace(/^(Bearer|Basic|token) /i, '')]
  })
}

/** The same answer with fields that no document names in each of its objects. */
export function withUnheardOfFields(response: HttpResponse): HttpResponse {
  const isJson = /^\s*[[{]/.test(response.text)
  return isJson ? { ...response, text: JSON.stringify(decorated(JSON.parse(response.text))) } : response
}

function decorated(value: Json): Json {
  if (Array.isArray(value)) return value.map(decorated)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, decorated(item)])
  return { ...Object.fromEntries(entries), unheardOf: [1, null, { of: 'something new' }] }
}

/** Where something stands in an answer that is JSON: `data.list.0.status`. */
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

/** The same answer without what stands at a place, or with something else there. */
export function altered(place: string, stranger?: Json) {
  return (response: HttpResponse): HttpResponse => {
    if (!pathsIn(response).includes(place)) return response
    const body = JSON.parse(response.text)
    const steps = place.split(separator)
    const last = steps.pop() ?? ''
    const holder = steps.reduce((from, step) => from[step], body)
    if (stranger !== undefined) holder[last] = stranger
    else if (Array.isArray(holder)) holder.splice(Number(last), 1)
    else delete holder[last]
    return { ...response, text: JSON.stringify(body) }
  }
}

/** A page of somebody in between, in place of each answer. */
export function page(status: number) {
  return (): HttpResponse => ({
    status,
    headers: { 'content-type': 'text/html' },
    text: `<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>`,
  })
}

/** A rejection that repeats the request, headers and body, in the places where vendors put their words. */
export function echoing(status: number, form: 'json' | 'text') {
  return (_response: HttpResponse, { headers, body }: HttpRequest): HttpResponse => {
    const words = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`)
    const said = `refused: ${words.join(' | ')} | ${String(body ?? '')}`
    const json = { message: said, msg: said, error_msg: said, error_message: said, error_code: 'X.1', code: '99999' }
    const text =
      form === 'text' ? said : JSON.stringify({ ...json, success: false, data: said, error: { message: said } })
    return { status, headers: {}, text }
  }
}
