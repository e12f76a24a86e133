import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { portableJob } from '../../src/commands/portable-job.ts'
import { sandboxConnection } from '../../src/commands/sandbox-connections.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { type Switchyard, startSwitchyard, testApiKey } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
type Logging = 'kubernetes' | 'ray' | 'slurm'

let sandbox: Sandbox<Logging>
let switchyard: Switchyard

beforeAll(async () => {
  sandbox = await startSandbox({
    providers: ['kubernetes', 'ray', 'slurm'],
    settings: {
      kubernetes: { pendingMs: 20, runningMs: 20 },
      ray: { pendingMs: 20, runningMs: 20 },
      slurm: { pendingMs: 20, runningMs: 20, completingMs: 20 },
    },
  })
  switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
})

afterAll(async () => {
  await switchyard.stop()
  await sandbox.close()
})

async function endedJob(provider: Logging, more: object): Promise<ApiRecord> {
  const { api } = switchyard
  const { data } = await api.ok('GET', '/connections')
  const known = (data as ApiRecord[]).find((connection) => connection.provider === provider)
  const { id: connectionId } = known ?? (await api.ok('POST', '/connections', sandboxConnection(sandbox, provider)))
  const { id } = await api.ok('POST', '/jobs', { ...portableJob(), ...more, connectionId })
  return api.untilStatus(`/jobs/${id}`, 'succeeded')
}

const logOf = async ({ id }: ApiRecord, query = '') => switchyard.api.call('GET', `/jobs/${id}/logs${query}`)
const rawLogOf = async ({ id }: ApiRecord) => {
  const headers = { authorization: `Bearer ${testApiKey}` }
  return (await fetch(`${switchyard.service.url}/jobs/${id}/logs/raw?timestamps=true`, { headers })).text()
}
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /
const linesIn = ({ body }: { body: ApiRecord }) => String(body.text).replace(/\n$/, '').split('\n')

describe('timestamps of logs', () => {
  it('precede each line, except the names of pods, and are left out by default', async () => {
    const job = await endedJob('kubernetes', { script: 'echo one; echo two', resources: { nodes: 2, cpus: 1 } })
    const [plain, timed, raw] = await Promise.all([logOf(job), logOf(job, '?timestamps=true'), rawLogOf(job)])
    const lines = linesIn(timed)
    expect(lines[0]).toMatch(/^==> \S+ <==$/)
    expect(lines.slice(1).every((line) => time.test(line))).toBe(true)
    expect(lines.map((line) => line.replace(time, ''))).toEqual(linesIn(plain))
    expect(raw).toBe(timed.body.text)
    expect(timed.body).toEqual({ text: timed.body.text, links: [], next: plain.body.next })
    // A cursor of one form continues the other.
    const next = `cursor=${encodeURIComponent(String(plain.body.next))}`
    const [plainRest, timedRest] = await Promise.all([logOf(job, `?${next}`), logOf(job, `?${next}&timestamps=true`)])
    expect(linesIn(timedRest).map((line) => line.replace(time, ''))).toEqual(linesIn(plainRest))
    expect((await logOf(job, '?timestamps=false')).body).toEqual(plain.body)
  })

  it('do not divide a secret of several lines, which stays hidden', async () => {
    const secretVariables = { KEY: 'first-part-of-it\nsecond-part-of-it' }
    const job = await endedJob('kubernetes', { script: 'env; sleep 0', secretVariables })
    const { text } = (await logOf(job, '?timestamps=true')).body
    expect(text).toMatch(/^\S+Z KEY=\[redacted\]$/m)
    expect(text).not.toContain('-part-of-it')
  })

  it.each([
    ['ray', 'returns the logs of a job without the times of their lines. Leave out `timestamps`'],
    ['slurm', 'does not support logs for a job'],
  ] as const)('are rejected for %s, which %s', async (provider, detail) => {
    const job = await endedJob(provider, {})
    const { status, body } = await logOf(job, '?timestamps=true')
    expect({ status, body }).toMatchObject({
      status: 422,
      body: { code: 'unsupported', detail: expect.stringContaining(`Provider ${provider} ${detail}`) },
    })
    if (provider === 'ray')
      expect(body.errors).toEqual([
        expect.objectContaining({ in: 'query', pointer: 'timestamps', code: 'unsupported', detail: body.detail }),
      ])
  })

  it('are rejected if the value is not a boolean', async () => {
    const job = await endedJob('kubernetes', {})
    expect((await logOf(job, '?timestamps=yes')).status).toBe(400)
  })
})

it('a cursor that belongs to no log is an error of the client', async () => {
  const { status, body } = await logOf(await endedJob('kubernetes', {}), '?cursor=x')
  expect({ status, body }).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', errors: [{ in: 'query', pointer: 'cursor', code: 'cursor' }] },
  })
})
