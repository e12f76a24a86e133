import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const startSlurm = () => startSandbox({ providers: ['slurm'], settings: { slurm: { pendingMs: 60, runningMs: 60 } } })

describe('a connection to a Slurm whose versions change', () => {
  let sandbox: Awaited<ReturnType<typeof startSlurm>>
  let switchyard: Switchyard
  let drawn = 0

  beforeAll(async () => {
    sandbox = await startSlurm()
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
  })

  afterAll(async () => {
    await switchyard.stop()
    await sandbox.close()
  })

  async function connect(): Promise<string> {
    drawn += 1
    const { user, key } = sandbox.accounts.slurm
    const { id } = await switchyard.api.ok('POST', '/connections', {
      name: `cluster-${drawn}`,
      settings: { slurm: { baseUrl: sandbox.urls.slurm, user, defaultWorkingDirectory: '/home' } },
      credentials: { slurm: { key } },
    })
    return id
  }
  const serve = (versions: string) => sandbox.changeSettings('slurm', { versions })
  const read = (id: string) => switchyard.api.ok('GET', `/connections/${id}`)
  const verify = (id: string) => switchyard.api.ok('POST', `/connections/${id}/verify`)
  const submit = (connectionId: string, more: object = {}) =>
    switchyard.api.ok('POST', '/jobs', { connectionId, name: 'job', script: 'exit 0', ...more })
  const ended = ({ id }: ApiRecord) => switchyard.api.untilStatus(`/jobs/${id}`, 'succeeded', 'failed', 'unknown')

  it('keeps the version of its last verification, and runs jobs through an upgrade', async () => {
    serve('v0.0.40,v0.0.41')
    const id = await connect()
    expect(await read(id)).not.toHaveProperty('discovered')
    expect(await verify(id)).toEqual({ ok: true })
    const verified = await read(id)
    expect(verified).toMatchObject({ discovered: { slurm: { version: 'v0.0.41' } }, version: 2 })

    serve('v0.0.44,v0.0.45')
    expect(await ended(await submit(id))).toMatchObject({ status: 'succeeded' })
    expect(await read(id)).toMatchObject({ discovered: { slurm: { version: 'v0.0.41' } } })
    await verify(id)
    expect(await read(id)).toMatchObject({ discovered: { slurm: { version: 'v0.0.45' } }, version: 3 })
    await verify(id)
    expect(await read(id)).toMatchObject({ version: 3 })
  })

  it('keeps nothing of a verification that fails, and forgets it where its settings change', async () => {
    serve('v0.0.42')
    const id = await connect()
    sandbox.changeSettings('slurm', { isControllerDown: true })
    expect(await verify(id)).toMatchObject({ ok: false, code: 'unavailable' })
    expect(await read(id)).not.toHaveProperty('discovered')
    sandbox.changeSettings('slurm', { isControllerDown: false })
    await verify(id)
    await switchyard.api.ok('PATCH', `/connections/${id}`, { settings: { slurm: { version: 'v0.0.42' } } })
    expect(await read(id)).not.toHaveProperty('discovered')
    expect(await ended(await submit(id))).toMatchObject({ status: 'succeeded' })
  })

  it('tells of each field that Slurm has ignored, in the history and in the log', async () => {
    serve('v0.0.42')
    const id = await connect()
    sandbox.changeSettings('slurm', { unknownField: 'tres_per_node' })
    const secretVariables = { TOKEN: 'swordfish-0001' }
    const job = await submit(id, { resources: { accelerator: { count: 1 } }, secretVariables })
    await ended(job)
    const { data } = await switchyard.api.ok('GET', `/jobs/${job.id}/events`)
    const told = (data as { type: string; data: { message: string } }[]).filter(({ type }) => type.endsWith('ignored'))
    expect(told).toMatchObject([
      { type: 'job.fields_ignored', data: { message: expect.stringContaining('tres_per_node') } },
    ])
    expect(sandbox.objects('slurm').filter(({ name }) => name === 'job').length).toBeGreaterThan(0)
    sandbox.changeSettings('slurm', { unknownField: '' })
  })
})
