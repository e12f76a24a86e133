import { describe, expect, it } from 'vitest'
import { type ApiCaller, makeApiCaller } from '../support/api-caller.ts'
import { makeSlurmJob } from '../support/remote-jobs.ts'
import { connectTo, useSandboxes } from '../support/sandbox-accounts.ts'
import { useSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const sandbox = await useSandboxes()
const switchyard = await useSwitchyard({ databaseUrl: database.url, redis: null })
const { api } = switchyard

/** An API caller of a separate project, and its connection to the same cluster. */
async function otherProject(name: string): Promise<{ other: ApiCaller; connectionId: string }> {
  const { id: projectId } = await api.ok('POST', '/projects', { name })
  const scopes = ['connections:manage', 'jobs:read', 'jobs:write']
  const { key } = await api.ok('POST', '/api-keys', { name, projectId, scopes })
  const other = makeApiCaller(switchyard.service.url ?? '', String(key))
  return { other, connectionId: await connectTo(other, sandbox, 'slurm', name) }
}

const importOf = (caller: ApiCaller, connectionId: string, remoteId: string) =>
  caller.call('POST', '/jobs/import', { body: { connectionId, remoteId } })

it('a job has one record, however many import it at once over connections and projects', async () => {
  const remoteId = await makeSlurmJob(sandbox, 'sleep 600')
  const own = await connectTo(api, sandbox, 'slurm', 'many')
  const { other, connectionId } = await otherProject('many')
  const responses = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      index % 2 === 0 ? importOf(api, own, remoteId) : importOf(other, connectionId, remoteId),
    ),
  )
  const accepted = responses.filter(({ status }) => status === 202)
  const others = responses.filter(({ status }) => status !== 202)
  expect(accepted).toHaveLength(1)
  for (const { status, body } of others)
    expect({ status, body }).toMatchObject({ status: 409, body: { errors: [{ pointer: '/remoteId', code: 'known' }] } })
  const id = String(accepted[0]?.body.id)
  const [ofWinner, ofLoser] = responses.indexOf(accepted[0] as never) % 2 === 0 ? [0, 1] : [1, 0]
  const again = await Promise.all([importOf(api, own, remoteId), importOf(other, connectionId, remoteId)])
  expect(JSON.stringify(again[ofWinner]?.body)).toContain(id)
  expect(JSON.stringify(again[ofLoser]?.body)).not.toContain(id)
})

it('a job that Switchyard submitted is known, and named only to its project', async () => {
  const own = await connectTo(api, sandbox, 'slurm', 'submitted')
  const { id } = await api.ok('POST', '/jobs', { connectionId: own, name: 'own', script: 'sleep 600' })
  const { remote } = await api.untilStatus(`/jobs/${id}`, 'running')
  const { other, connectionId } = await otherProject('submitted')
  const mine = await importOf(api, own, remote?.id ?? '')
  const theirs = await importOf(other, connectionId, remote?.id ?? '')
  for (const { status, body } of [mine, theirs])
    expect({ status, body }).toMatchObject({ status: 409, body: { errors: [{ code: 'known' }] } })
  expect(JSON.stringify(mine.body)).toContain(id)
  expect(JSON.stringify(theirs.body)).not.toContain(id)
})

it('an orphan that is imported is no orphan, over any connection, until its record ends', async () => {
  const [own, second] = await Promise.all(['orphan', 'orphan-2'].map((name) => connectTo(api, sandbox, 'slurm', name)))
  const { id } = await api.ok('POST', '/jobs', { connectionId: own, name: 'again', script: 'exit 3' })
  const { remote } = await api.untilStatus(`/jobs/${id}`, 'failed')
  const remoteId = remote?.id ?? ''
  const orphans = async (connectionId?: string) => {
    const report = await api.ok('GET', `/connections/${connectionId}/orphans`)
    return (report.orphans as { remoteId: string }[]).map((orphan) => orphan.remoteId)
  }
  // Like `scontrol requeue`.
  sandbox.force('slurm', remoteId, { state: 'RUNNING' })
  expect(await orphans(own)).toContain(remoteId)
  expect(await orphans(second)).toContain(remoteId)
  const imported = await api.ok('POST', '/jobs/import', { connectionId: own, remoteId })
  await api.untilStatus(`/jobs/${imported.id}`, 'running')
  expect(await orphans(own)).not.toContain(remoteId)
  expect(await orphans(second)).not.toContain(remoteId)
  await api.ok('POST', `/jobs/${imported.id}/cancel`)
  await api.untilStatus(`/jobs/${imported.id}`, 'canceled')
})

it('a job that is deleted right after the import ends as unknown', async () => {
  const connectionId = await connectTo(api, sandbox, 'slurm', 'deleted')
  const remoteId = await makeSlurmJob(sandbox, 'sleep 600')
  const { id } = await api.ok('POST', '/jobs/import', { connectionId, remoteId })
  sandbox.remove('slurm', remoteId)
  expect(await api.untilStatus(`/jobs/${id}`, 'unknown')).toMatchObject({ statusReason: 'remote_record_lost' })
})

describe('a job of Ray that got the id of the imported one', () => {
  const submit = (id: string) =>
    fetch(`${sandbox.urls.ray}/api/jobs/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${sandbox.accounts.ray.token}` },
      body: JSON.stringify({ entrypoint: 'sleep 600', submission_id: id }),
    })

  it('is spared by a cancel', async () => {
    const connectionId = await connectTo(api, sandbox, 'ray', 'reused')
    await submit('nightly')
    const { id } = await api.ok('POST', '/jobs/import', { connectionId, remoteId: 'nightly' })
    await api.untilStatus(`/jobs/${id}`, 'running')
    sandbox.remove('ray', 'nightly')
    await submit('nightly')
    await api.call('POST', `/jobs/${id}/cancel`)
    expect(await api.untilStatus(`/jobs/${id}`, 'unknown')).toMatchObject({ statusReason: 'remote_record_lost' })
    expect(sandbox.objects('ray').find((object) => object.id === 'nightly')?.state).not.toBe('STOPPED')
  })

  it('is not followed, even if it got it before the first poll', async () => {
    const connectionId = await connectTo(api, sandbox, 'ray', 'reused-early')
    await submit('hourly')
    const { id } = await api.ok('POST', '/jobs/import', { connectionId, remoteId: 'hourly' })
    sandbox.remove('ray', 'hourly')
    await submit('hourly')
    expect(await api.untilStatus(`/jobs/${id}`, 'unknown')).toMatchObject({ statusReason: 'remote_record_lost' })
  })
})
