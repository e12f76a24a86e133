import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { EndpointSecrets } from './webhook-endpoint.ts'

/** Creates a secret in the format of the Standard Webhooks libraries. */
export function generateSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

/** Signature headers of a message, with one signature per secret, newest first. */
export function signedHeaders(
  { id, at, body }: { id: string; at: Date; body: string },
  { secret, previous }: EndpointSecrets,
): Record<string, string> {
  const secrets = previous === undefined ? [secret] : [secret, previous]
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((each) => new Webhook(each).sign(id, at, body)).join(' '),
  }
}
