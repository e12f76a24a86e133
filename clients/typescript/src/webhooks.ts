import { Webhook } from 'standardwebhooks'
import type { components } from './generated/api.ts'

/** Message to a webhook endpoint. Types, and fields of `data`, may be added. */
export type WebhookEvent = components['schemas']['WebhookMessage']

export type WebhookEventData = WebhookEvent['data']

/** The message was not sent by Switchyard, or the secret is a different one. Respond with 400. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError'
}

type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The event of a message whose signature is valid.
 *
 * @param payload the body as received: its raw bytes or text, not parsed
 * @param headers of the request: `webhook-id`, `webhook-timestamp` and `webhook-signature` are read
 * @param secret of the endpoint, `whsec_…`
 * @throws WebhookVerificationError
 */
export function verifyWebhook(
  payload: string | Uint8Array,
  headers: Headers | HeaderValues,
  secret: string,
): WebhookEvent {
  const text = typeof payload === 'string' ? payload : new TextDecoder().decode(payload)
  const verifier = verifierOf(secret)
  try {
    verifier.verify(text, plainHeaders(headers), { jsonParse: false })
  } catch (error) {
    throw new WebhookVerificationError(`The webhook message is not valid: ${messageOf(error)}.`)
  }
  return JSON.parse(text)
}

function verifierOf(secret: string): Webhook {
  try {
    return new Webhook(secret)
  } catch {
    throw new WebhookVerificationError('The webhook secret is not valid. Pass it as returned: whsec_ and base64.')
  }
}

function plainHeaders(headers: Headers | HeaderValues): Record<string, string> {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers)
  return Object.fromEntries(entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.toLowerCase() : 'unknown reason'
}
