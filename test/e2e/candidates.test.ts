import { beforeEach, describe, expect, it } from 'vitest'
import { sandboxConnection } from '../../src/commands/sandbox-connections.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { endAfterFile } from '../support/end-after-file.ts'
import { startSwitchyard, useSwitchyard } from '../support/switchyard.ts'
import { useSqlClient, useTestDatabase } from '../support/test-database.ts'
import { untilFired } from '../support/until-fired.ts'

const { url: databaseUrl } = await useTestDatabase()
const sql = await useSqlClient({ url: databaseUrl })
const startSlurm = () => startSandbox({ providers: ['slurm'], settings: { slurm: { pendingMs: 60, runningMs: 60 } } })
const sandbox = await endAfterFile(await startSlurm(), (running) => running.close())
const { api } = await useSwitchyard({ databaseUrl, redis: null, role: 'api' })
const connection = await api.ok('POST', '/connections', sandboxConnection(sandbox, 'slurm'))

beforeEach(() => sandbox.faults.clear())

async function withWorker(work: () => Promise<unknown>): Promise<void> {
  const worker = await startSwitchyard({ databaseUrl, redis: null, role: 'worker' })
  await work().finally(worker.stop)
}

/** Creates a job at the provider, loses the response and parks the job with an unknown outcome. */
async function parkWithLostResponse() {
  const [lost, unreadable] = [
    sandbox.faults.add({ kind: 'drop_answer', operation: 'job.submit', times: 1 }),
    sandbox.faults.add({ kind: 'error_before', status: 503, operation: 'job.list' }),
  ]
  const known = new Set(sandbox.objects('slurm').map(({ id }) => id))
  const { id } = await api.ok('POST', '/jobs', { connectionId: connection.id, name: 'train', script: 'exit 0' })
  await withWorker(async () => {
    await untilFired(sandbox, lost)
    await api.until(`/jobs/${id}`, ({ status, statusReason }) => status === 'dispatching' && statusReason !== undefined)
  })
  for (const fault of [lost, unreadable]) sandbox.faults.clear(fault.id)
  await sql.query(`UPDATE workloads SET status_reason = 'outcome_unknown', due_at = NULL WHERE id = $1`, [id])
  const created = sandbox.objects('slurm').filter((object) => !known.has(object.id))
  return { id, created: created.map((object) => object.id) }
}

interface Report {
  isComplete: boolean
  candidates: { remoteId: string; hasTag: boolean; isOwned: boolean }[]
  calls: { method: string; path: string; body: { remoteId?: string; outcome?: string }; command: string }[]
}

const search = async (id: string) => (await api.ok('GET', `/attention/${id}/candidates`)) as unknown as Report

describe('candidates of an open create', () => {
  it('include the created object and the call that adopts it', async () => {
    const { id, created } = await parkWithLostResponse()
    const [remoteId = ''] = created
    const report = await search(id)
    expect(report).toMatchObject({ id, isComplete: true, candidates: [{ remoteId, hasTag: true, isOwned: false }] })
    const [adopt] = report.calls
    expect(adopt).toMatchObject({
      body: { remoteId },
      command: `switchyard admin resolve ${id} --remote-id ${remoteId}`,
    })
    expect(await api.ok(adopt?.method ?? '', adopt?.path ?? '', adopt?.body)).toMatchObject({ id })
    await withWorker(() => api.untilStatus(`/jobs/${id}`, 'succeeded'))
    expect(await api.ok('GET', `/jobs/${id}`)).toMatchObject({ remote: { id: remoteId } })
    expect(created).toHaveLength(1)
  })

  it('include no call for an object that another record owns', async () => {
    const { id, created } = await parkWithLostResponse()
    const [remoteId = ''] = created
    await sql.query(
      `INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, remote_id)
       SELECT 'job_owner', project_id, kind, provider, connection_id, 'owner', '{}', spec, 'tag-owner', 'running', $2 FROM workloads WHERE id = $1`,
      [id, remoteId],
    )
    const { candidates, calls } = await search(id)
    expect(candidates).toMatchObject([{ remoteId, hasTag: true, isOwned: true }])
    expect(calls.map(({ body }) => body)).toEqual([{ outcome: 'not_created' }, { outcome: 'retry' }])
  })

  it('are empty after a complete scan if nothing was created', async () => {
    const { id, created } = await parkWithLostResponse()
    sandbox.remove('slurm', created[0] ?? '')
    expect(await search(id)).toMatchObject({ isComplete: true, candidates: [] })
  })
})
