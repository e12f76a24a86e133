import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Call } from '../provider.ts'

/** The part of a request that a signature covers. */
export type SignedRequest = Pick<Call, 'method' | 'target' | 'headers' | 'rawBody'>

/** A parsed `Authorization` header of the scheme. */
export interface Authorization {
  readonly accessKey: string
  /** Lower case, as sent. */
  readonly signedHeaders: readonly string[]
  readonly signature: string
}

/** The maximum clock difference of a request: 15 minutes. */
export const maxClockSkewMs = 15 * 60_000

const algorithm = 'SDK-HMAC-SHA256'
const header = /^SDK-HMAC-SHA256 Access=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/

/** Parses an `Authorization` header; `null` if it has another scheme or the older `Credential=` form. */
export function readAuthorization(value: string | undefined): Authorization | null {
  const [, accessKey, names, signature] = header.exec(value ?? '') ?? []
  if (accessKey === undefined || names === undefined || signature === undefined) return null
  return { accessKey, signedHeaders: names.split(';'), signature }
}

/** Epoch ms of `X-Sdk-Date` (`20240102T030405Z`), or NaN. */
export function readSdkDate(value: unknown): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(value)) ?? []
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

/**
 * Whether a signature matches the secret key.
 * https://support.huaweicloud.com/eu/devg-apisign/api-sign-algorithm-001.html
 */
export function isSignedBy(secretKey: string, request: SignedRequest, authorization: Authorization): boolean {
  const canonical = canonicalRequest(request, authorization.signedHeaders)
  if (canonical === null) return false
  const date = String(request.headers['x-sdk-date'])
  const stringToSign = `${algorithm}\n${date}\n${sha256(canonical)}`
  const expected = createHmac('sha256', secretKey).update(stringToSign).digest('hex')
  return timingSafeEqual(Buffer.from(authorization.signature), Buffer.from(expected))
}

/** The text whose hash is signed; `null` if the target cannot be decoded or a signed header is missing. */
export function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string | null {
  const [path = '', query = ''] = splitOnce(request.target, '?')
  const uri = canonicalUri(path)
  const names = signedHeaders.toSorted()
  if (uri === null || names.some((name) => request.headers[name] === undefined)) return null
  const headers = names.map((name) => `${name}:${String(request.headers[name]).trim()}\n`).join('')
  // The SDKs send UNSIGNED-PAYLOAD for bodies that are not JSON.
  const stated = request.headers['x-sdk-content-sha256']
  const payload = typeof stated === 'string' ? stated : sha256(request.rawBody)
  return [request.method, uri, canonicalQuery(query), headers, names.join(';'), payload].join('\n')
}

// The trailing slash is added only for signing; the request has none.
function canonicalUri(path: string): string | null {
  try {
    const encoded = decodeURIComponent(path).split('/').map(encode).join('/')
    return encoded.endsWith('/') ? encoded : `${encoded}/`
  } catch {
    return null
  }
}

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .toSorted(([leftKey, leftValue], [rightKey, rightValue]) =>
      leftKey === rightKey ? byCodeUnit(leftValue, rightValue) : byCodeUnit(leftKey, rightKey),
    )
    .map(([key, value]) => `${encode(key)}=${encode(value)}`)
    .join('&')
}

function byCodeUnit(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
