import { createHash, createHmac } from 'node:crypto'
import type { Keys } from './settings.ts'

type Scalar = string | number | boolean
export type Query = Readonly<Record<string, Scalar | readonly Scalar[]>>

/** A request to sign: `uri` and `query` as sent, the headers to sign, and the exact body. */
export interface ToSign {
  method: string
  uri: string
  query: string
  /** Includes `host`. Names in any case; values as sent. */
  headers: Readonly<Record<string, string>>
  body: string
}

const algorithm = 'SDK-HMAC-SHA256'

/**
 * The value of `Authorization`. `headers` must contain `x-sdk-date` (`sdkDate`). All headers are signed, not only the
 * mandatory one, as in the vendor's Node and Python SDKs.
 * Algorithm: https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm-001.html
 */
export function authorizationOf(request: ToSign, { accessKey, secretKey }: Keys): string {
  const toSign = stringToSign(request)
  const signature = createHmac('sha256', secretKey).update(toSign, 'utf8').digest('hex')
  const signed = signedHeaders(request).map(([name]) => name)
  return `${algorithm} Access=${accessKey}, SignedHeaders=${signed.join(';')}, Signature=${signature}`
}

/** `20240102T030405Z`: accepted within 15 minutes of the gateway's clock. */
export function sdkDate(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d{3}/g, '')
}

/** The encoded path for request and signature, from decoded segments. */
export function encodePath(segments: readonly string[]): string {
  return segments.map((segment) => `/${encode(segment)}`).join('')
}

/** The encoded query for request and signature: sorted by key in code units, then by value; empty for none. */
export function encodeQuery(query: Query): string {
  const pairs = Object.keys(query)
    .sort()
    .flatMap((key) => valuesOf(query[key]).map((value) => `${encode(key)}=${encode(value)}`))
  return pairs.join('&')
}

export function canonicalRequest(request: ToSign): string {
  const { method, uri, query, body } = request
  const headers = signedHeaders(request)
  return [
    method,
    // Only for the signature; the request is sent without the slash.
    uri.endsWith('/') ? uri : `${uri}/`,
    query,
    ...headers.map(([name, value]) => `${name}:${value}`),
    '',
    headers.map(([name]) => name).join(';'),
    sha256(body),
  ].join('\n')
}

export function stringToSign(request: ToSign): string {
  const date = signedHeaders(request).find(([name]) => name === 'x-sdk-date')?.[1] ?? ''
  return [algorithm, date, sha256(canonicalRequest(request))].join('\n')
}

function signedHeaders({ headers }: ToSign): readonly (readonly [string, string])[] {
  return Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function valuesOf(value: Query[string] | undefined): readonly string[] {
  if (value === undefined) return []
  return typeof value === 'object' ? value.map(String).sort() : [String(value)]
}

/** Unreserved characters are `A-Z a-z 0-9 - _ . ~`; `encodeURIComponent` also leaves five others unescaped. */
function encode(text: string): string {
  const hex = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(text).replace(/[!'()*]/g, hex)
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
