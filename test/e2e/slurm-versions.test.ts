import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { makeLogger } from '../../src/infra/logger.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const startSlurm = () => startSandbox({ providers: ['slurm'], settings: { slurm: { pendingMs: 60, runningMs: 60 } } })

describe('a connection to a Slurm whose versions change', () => {
  let sandbox: Awaited<ReturnType<typeof startSlurm>>
  let switchyard: Switchyard
  let drawn = 0
  const logged: string[] = []

  beforeAll(async () => {
    sandbox = await startSlurm()
    const logger = makeLogger({ level: 'debug', destination: { write: (line) => logged.push(line) } })
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null, logger })
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
    const created = await read(id)
    expect(await verify(id)).toEqual({ ok: true })
    const verified = await read(id)
    expect(verified).toMatchObject({ discovered: { slurm: { version: 'v0.0.41' } }, version: 2 })
    expect(Date.parse(String(verified.updatedAt))).toBeGreaterThan(Date.parse(String(created.updatedAt)))

    serve('v0.0.44,v0.0.45')
    expect(await ended(await submit(id))).toMatchObject({ status: 'succeeded' })
    expect(await read(id)).toMatchObject({ discovered: { slurm: { version: 'v0.0.41' } } })
    await verify(id)
    expect(await read(id)).toMatchObject({ discovered: { slurm: { version: 'v0.0.45' } }, version: 3 })
    const { updatedAt } = await read(id)
    await verify(id)
    expect(await read(id)).toMatchObject({ version: 3, updatedAt })
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

  it('tells of each field that Slurm has ignored, in the history and in the log, without secrets', async () => {
    serve('v0.0.42')
    const id = await connect()
    sandbox.changeSettings('slurm', { unknownField: 'tres_per_node' })
    onTestFinished(() => {
      sandbox.changeSettings('slurm', { unknownField: '' })
    })
    const secret = 'swordfish-0001'
    const job = await submit(id, { resources: { accelerator: { count: 1 } }, secretVariables: { TOKEN: secret } })
    await ended(job)
    const history = await switchyard.api.ok('GET', `/jobs/${job.id}/events`)
    const told = (history.data as { type: string; data: { message: string } }[]).filter(({ type }) =>
      type.endsWith('ignored'),
    )
    expect(told).toMatchObject([
      { type: 'job.fields_ignored', data: { message: expect.stringContaining('tres_per_node') } },
    ])
    const errors = logged.map((line) => JSON.parse(line)).filter(({ level }) => level >= 50)
    expect(errors).toMatchObject([{ workloadId: job.id, msg: expect.stringMatching(/^fields_ignored: /) }])
    expect(JSON.stringify(errors)).toContain('tres_per_node')
    expect(logged.join('')).not.toContain(secret)
    expect(JSON.stringify(history)).not.toContain(secret)
  })
})
