import { createHmac } from 'node:crypto'

export interface NcpKeys {
  accessKey: string
  secretKey: string
}

export interface SignedRequest {
  method: string
  /** Path and query exactly as sent: same order, same escapes. */
  target: string
  /**
   * Unix epoch in milliseconds, equal to the timestamp header. The gateway accepts a difference of less than 5 minutes.
   */
  timestampMs: number
}

/**
 * API Gateway signature v2: base64 of HMAC-SHA256, keyed with the raw secret key, over `<method>
 * <target>\n<timestamp>\n<access key>` without a trailing line feed. Body and other headers are not signed.
 * Source: https://api.ncloud-docs.com/docs/en/common-ncpapi
 */
export function ncpSignature({ method, target, timestampMs }: SignedRequest, keys: NcpKeys): string {
  const message = `${method.toUpperCase()} ${target}\n${timestampMs}\n${keys.accessKey}`
  return createHmac('sha256', keys.secretKey).update(message, 'utf8').digest('base64')
}

/** The three headers of a signed request. The signature can be replayed for 5 minutes, so it is never logged. */
export function ncpHeaders(request: SignedRequest, keys: NcpKeys): Readonly<Record<string, string>> {
  return {
    'x-ncp-apigw-timestamp': String(request.timestampMs),
    'x-ncp-iam-access-key': keys.accessKey,
    'x-ncp-apigw-signature-v2': ncpSignature(request, keys),
  }
}
