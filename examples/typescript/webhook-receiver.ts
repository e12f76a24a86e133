// Receives webhook messages on PORT (default 3000), verifies them and drops repeated ones. WEBHOOK_SECRET is the secret
// of the webhook endpoint.
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { verifyWebhook, WebhookVerificationError } from '@switchyard/client'

const secret = process.env.WEBHOOK_SECRET
if (secret === undefined) throw new Error('Set WEBHOOK_SECRET to the secret of the webhook endpoint.')

/** A message may arrive more than once. Store these ids where your service stores its data. */
const seen = new Set<string>()

const server = createServer(async (request, response) => {
  try {
    const body = await buffer(request)
    const { type, data } = verifyWebhook(body, request.headers, secret)
    const id = String(request.headers['webhook-id'])
    if (!seen.has(id)) process.stdout.write(`${type} ${data.recordId ?? ''}\n`)
    seen.add(id)
    response.writeHead(204).end()
  } catch (error) {
    const isForged = error instanceof WebhookVerificationError
    if (!isForged) process.stderr.write(`${error}\n`)
    // A message that could not be handled is sent again.
    response.writeHead(isForged ? 400 : 500).end()
  }
})
server.listen(Number(process.env.PORT ?? 3000), () => process.stdout.write('ready\n'))
