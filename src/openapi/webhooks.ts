import type { Operation, Parameter } from './document.ts'
import { recordMessage, testMessage } from './examples/webhooks.ts'

const header = (name: string, description: string): Parameter => ({
  ...{ in: 'header', name, required: true, description },
  schema: { type: 'string' },
})

/**
 * The requests that webhook endpoints receive, signed according to the Standard Webhooks specification. Their tag is
 * used by no other operation: OpenAPI Generator 7.25 writes the operations of `paths` and of `webhooks` with one tag into the same file, so
 * that only the latter remain.
 */
export function webhooks(): Record<string, Record<string, Operation>> {
  return {
    event: {
      post: {
        operationId: 'receiveWebhook',
        summary: 'Receive an event',
        description:
          'Sent to the URL of a webhook endpoint for each event that it subscribes to, at least once. Verify the signature over the raw body before parsing it, and drop messages with a known `webhook-id`.',
        tags: ['Webhook deliveries'],
        security: [],
        parameters: [
          header('webhook-id', 'Id of the event, constant across attempts. Use it to detect duplicates.'),
          header('webhook-timestamp', 'Time of the attempt, in seconds since 1970. Reject messages that are too old.'),
          header(
            'webhook-signature',
            'Signatures separated by spaces, each `v1,` and the base64 of HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`. One valid signature suffices.',
          ),
        ],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: { $ref: '#/components/schemas/WebhookMessage' },
              examples: {
                record: { summary: 'A job succeeded', value: recordMessage },
                test: { summary: 'A test event', value: testMessage },
              },
            },
          },
        },
        responses: {
          '2XX': { description: 'Received. The body is ignored.' },
          '410': { description: 'The receiver no longer exists: the webhook endpoint is disabled.' },
          default: { description: 'Failed, as are redirects and timeouts. Retried with increasing intervals.' },
        },
      },
    },
  }
}
