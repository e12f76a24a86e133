import { afterAll, beforeAll, expect, it } from 'vitest'
import { sandboxConnection } from '../../src/commands/sandbox-connections.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
type Describing = 'kubernetes' | 'modelarts'

let sandbox: Sandbox<Describing>
let switchyard: Switchyard

beforeAll(async () => {
  sandbox = await startSandbox({
    providers: ['kubernetes', 'modelarts'],
    settings: {
      kubernetes: { pendingMs: 20, runningMs: 600_000 },
      modelarts: { jobCreatingMs: 20, jobPendingMs: 20, jobRunningMs: 600_000 },
    },
  })
  switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
})

afterAll(async () => {
  await switchyard.stop()
  await sandbox.close()
})

const image = 'lab/pytorch:2.4'

it.each<[Describing, object]>([
  ['kubernetes', { image, script: 'sleep 600' }],
  ['modelarts', { image, script: 'sleep 600', resources: { flavor: 'modelarts.vm.cpu.2u' } }],
])('the description of a running job is changed at the provider: %s', async (provider, more) => {
  const { api } = switchyard
  const { id: connectionId } = await api.ok('POST', '/connections', sandboxConnection(sandbox, provider))
  const { id } = await api.ok('POST', '/jobs', { connectionId, name: 'described', description: 'before', ...more })
  await api.untilStatus(`/jobs/${id}`, 'running')
  const isShown = (text: string) => async () =>
    JSON.stringify(await api.ok('GET', `/jobs/${id}/remote`)).includes(`"${text}"`)
  await expect.poll(isShown('before')).toBe(true)
  await api.ok('PATCH', `/jobs/${id}`, { description: 'after' })
  await expect.poll(isShown('after')).toBe(true)
  expect(await isShown('before')()).toBe(false)
  expect(await api.ok('GET', `/jobs/${id}`)).toMatchObject({ status: 'running', description: 'after' })
})
