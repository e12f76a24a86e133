import { createHmac } from 'node:crypto'

export interface AccessKeyPair {
  user: string
  accessKey: string
  secretKey: string
}

/**
 * The headers of the access-key login, which has no body. The signature is the lower-case hex HMAC-SHA256 of exactly
 * this JSON: keys in this order, no spaces. Source: openapi/doc/2.0/api/safecertification/get-user-tokens-aksk
 */
export function loginHeaders(pair: AccessKeyPair, atMs: number): Record<string, string> {
  const { user, accessKey, secretKey } = pair
  const timestamp = String(Math.floor(atMs / 1000))
  const message = JSON.stringify({ accessKey, timestamp, user })
  const signature = createHmac('sha256', secretKey).update(message).digest('hex')
  return { user, accessKey, timestamp, signature }
}
