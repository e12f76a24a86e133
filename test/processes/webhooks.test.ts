import { Webhook } from 'standardwebhooks'
import { expect, it } from 'vitest'
import { serveProcess } from '../support/process.ts'
import { useStubServer } from '../support/stub-server.ts'
import { useSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const receiver = await useStubServer()
const server = await useSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })

const startWorker = () =>
  serveProcess({ ROLE: 'worker', DATABASE_URL: database.url, EGRESS_ALLOW: '127.0.0.1', WEBHOOK_TIMEOUT_MS: '1000' })

it('a webhook is sent again by the next worker if its worker is killed', async () => {
  receiver.once('POST /hook', { isSilent: true })
  receiver.on('POST /hook', { status: 204 })
  const { id, secret } = await server.api.ok('POST', '/webhook-endpoints', { url: `${receiver.url}/hook` })
  const first = await startWorker()
  const { id: deliveryId, eventId } = await server.api.ok('POST', `/webhook-endpoints/${id}/test`)
  await receiver.received(1)
  await first.end('SIGKILL')
  const path = `/webhook-endpoints/${id}/deliveries/${deliveryId}`
  expect(await server.api.ok('GET', path)).toMatchObject({ status: 'pending', attempts: 0 })
  const second = await startWorker()
  await receiver.received(2)
  await expect.poll(() => server.api.ok('GET', path)).toMatchObject({ status: 'delivered', attempts: 1 })
  expect((await second.end('SIGTERM')).code).toBe(0)
  for (const { body, headers } of receiver.requests) {
    expect(headers['webhook-id']).toBe(eventId)
    new Webhook(String(secret)).verify(body, headers as Record<string, string>)
  }
})
