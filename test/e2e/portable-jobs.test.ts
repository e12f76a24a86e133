import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { portableJob, portableOutput } from '../../src/commands/portable-job.ts'
import { sandboxConnection } from '../../src/commands/sandbox-connections.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()

const portable = ['slurm', 'kubernetes', 'ray', 'scnet', 'modelarts'] as const
type Portable = (typeof portable)[number]

/** Providers whose API returns no output of jobs. */
const withoutLogs: ReadonlySet<Portable> = new Set(['slurm'])

function startProviders() {
  return startSandbox({
    providers: [...portable],
    settings: {
      slurm: { pendingMs: 60, runningMs: 60, completingMs: 20 },
      kubernetes: { pendingMs: 60, runningMs: 60, terminatingMs: 20 },
      ray: { pendingMs: 60, runningMs: 60, stopMs: 20 },
      scnet: { queuedMs: 60, runningMs: 60, cancelMs: 20 },
      modelarts: { jobCreatingMs: 20, jobPendingMs: 20, jobRunningMs: 60, terminatingMs: 20 },
    },
  })
}

describe('one job, sent unchanged to every provider of jobs', () => {
  let sandbox: Awaited<ReturnType<typeof startProviders>>
  let switchyard: Switchyard
  const connections = new Map<Portable, string>()

  beforeAll(async () => {
    sandbox = await startProviders()
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
    for (const provider of portable) {
      const { id } = await switchyard.api.ok('POST', '/connections', sandboxConnection(sandbox, provider))
      connections.set(provider, id)
    }
  })

  afterAll(async () => {
    await switchyard.stop()
    await sandbox.close()
  })

  const submit = (provider: Portable, body: object) =>
    switchyard.api.ok('POST', '/jobs', { ...body, connectionId: connections.get(provider) })
  const ended = ({ id }: ApiRecord) =>
    switchyard.api.untilStatus(`/jobs/${id}`, 'succeeded', 'failed', 'canceled', 'unknown')
  const resultOf = ({ status, statusReason, exitCode }: ApiRecord) => ({ status, statusReason, exitCode })

  /** The last lines of the output, without those of the provider. */
  async function lastLines(job: ApiRecord): Promise<readonly string[]> {
    const { text } = await switchyard.api.ok('GET', `/jobs/${job.id}/logs`)
    const lines = String(text).trimEnd().split('\n')
    return lines.filter((line) => !line.startsWith('[Modelarts Service Log]')).slice(-portableOutput.length)
  }

  describe.each(portable)('%s', (provider) => {
    it('succeeds with exit code 0 and its output', async () => {
      const job = await ended(await submit(provider, portableJob()))
      expect(resultOf(job)).toEqual({ status: 'succeeded', exitCode: 0 })
      if (!withoutLogs.has(provider)) expect(await lastLines(job)).toEqual(portableOutput)
    })

    it('fails with nonzero_exit, its exit code and its output', async () => {
      const job = await ended(await submit(provider, portableJob({ exitCode: 3 })))
      expect(resultOf(job)).toEqual({ status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 })
      if (!withoutLogs.has(provider)) expect(await lastLines(job)).toEqual(portableOutput)
    })

    it('is canceled without reason and exit code', async () => {
      const job = await submit(provider, portableJob({ seconds: 500 }))
      await switchyard.api.untilStatus(`/jobs/${job.id}`, 'running')
      await switchyard.api.ok('POST', `/jobs/${job.id}/cancel`)
      expect(resultOf(await ended(job))).toEqual({ status: 'canceled' })
    })
  })
})
