import { afterAll, beforeAll, expect, it } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { describeOnEachQueueBackend } from '../support/queue-backends.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

let sandbox: Awaited<ReturnType<typeof startSandbox<'aitems'>>>

const database = await useTestDatabase()

beforeAll(async () => {
  sandbox = await startSandbox({ providers: ['aitems'] })
})

afterAll(async () => {
  await sandbox.close()
})

describeOnEachQueueBackend('a service whose datasets are bound after creation', ({ openRedis }) => {
  let switchyard: Switchyard

  beforeAll(async () => {
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: openRedis() })
  })

  afterAll(() => switchyard.stop())

  it.each(['received', 'lost'])('gets its datasets if the create response was %s', async (response) => {
    const { accessKey, secretKey, userDatasetId, itemDatasetId, interactionDatasetId } = sandbox.accounts.aitems
    const isLost = response === 'lost'
    const name = `svc${Math.random().toString(36).slice(2, 10)}`
    const { id: connectionId } = await switchyard.api.ok('POST', '/connections', {
      name,
      settings: { aitems: { baseUrl: sandbox.urls.aitems } },
      credentials: { aitems: { accessKey, secretKey } },
    })
    if (isLost) sandbox.faults.add({ kind: 'drop_answer', operation: 'services.create', times: 1 })
    const datasetIds = { user: userDatasetId, item: itemDatasetId, interaction: interactionDatasetId }
    const { id } = await switchyard.api.ok('POST', '/environments', {
      connectionId,
      name,
      providerOptions: { aitems: { serviceType: 'batch', datasetIds } },
    })
    const service = await switchyard.api.untilStatus(`/environments/${id}`, 'running', 'failed')
    expect(service).toMatchObject({ status: 'running', remote: { state: 'learnable' } })
  })
})
