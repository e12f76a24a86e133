import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { portableJob, portableOutput } from '../../src/commands/portable-job.ts'
import { sandboxConnection } from '../../src/commands/sandbox-connections.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useSqlClient, useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const sql = await useSqlClient(database)

const portable = ['slurm', 'kubernetes', 'ray', 'scnet', 'modelarts'] as const
type Portable = (typeof portable)[number]

/** Providers whose API returns no output of jobs. */
const withoutLogs: ReadonlySet<Portable> = new Set(['slurm'])

/** Providers whose jobs may have an image. */
const withImage: ReadonlySet<Portable> = new Set(['kubernetes', 'modelarts', 'ray'])

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

    it('fails with time_limit when it exceeds its limit', async () => {
      const job = await submit(provider, { ...portableJob({ seconds: 500 }), timeLimitSeconds: 60 })
      await switchyard.api.untilStatus(`/jobs/${job.id}`, 'running')
      // A minute passes, for the provider and for Switchyard.
      sandbox.world.advance(61_000)
      const started = "UPDATE workloads SET started_at = now() - interval '61 s', due_at = now() WHERE id = $1"
      await sql.query(started, [job.id])
      expect(await ended(job)).toMatchObject({ status: 'failed', statusReason: 'time_limit' })
    })

    it('is canceled without reason and exit code', async () => {
      const job = await submit(provider, portableJob({ seconds: 500 }))
      await switchyard.api.untilStatus(`/jobs/${job.id}`, 'running')
      await switchyard.api.ok('POST', `/jobs/${job.id}/cancel`)
      expect(resultOf(await ended(job))).toEqual({ status: 'canceled' })
    })
    it('with an image, succeeds where jobs have one, and is refused elsewhere', async () => {
      const request = { ...portableJob(), image: 'busybox:1.36', connectionId: connections.get(provider) }
      const { status, body: answer } = await switchyard.api.call('POST', '/jobs', { body: request })
      if (withImage.has(provider)) {
        expect(resultOf(await ended(answer))).toEqual({ status: 'succeeded', exitCode: 0 })
      } else {
        expect({ status, pointers: pointersOf(answer) }).toEqual({ status: 422, pointers: ['/image'] })
      }
    })
  })

  it("needs an image and a queue of SCNet's containers", async () => {
    const { name, settings, credentials } = sandboxConnection(sandbox, 'scnet')
    const { id: connectionId } = await switchyard.api.ok('POST', '/connections', {
      name: `${name}-containers`,
      settings: { scnet: { ...settings.scnet, jobApi: 'container' } },
      credentials,
    })
    const { status, body } = await switchyard.api.call('POST', '/jobs', { body: { ...portableJob(), connectionId } })
    expect({ status, pointers: pointersOf(body) }).toEqual({ status: 422, pointers: ['/image', '/queue'] })
  })

  it('is accepted, with and without an image, where the page says so', async () => {
    const page = await readFile(new URL('../../docs/portable-jobs.md', import.meta.url), 'utf8')
    const table = page.slice(page.indexOf('portable-settings:start'), page.indexOf('portable-settings:end'))
    const accepting = [...table.matchAll(/^\| `(\w+)` \| yes \|/gm)].map(([, id]) => id)
    expect(accepting).toEqual(portable.toSorted())
    const cells = (start: string) => new RegExp(`^\\| ${start} \\|.*`, 'm').exec(page)?.[0].split(' | ').slice(1) ?? []
    const images = cells('`image`')
    const imaged = cells('Field').filter((_, index) => images[index] === 'yes')
    expect(imaged).toEqual([...withImage].map((id) => `\`${id}\``))
  })
})

function pointersOf(problem: ApiRecord) {
  return (problem.errors as { pointer: string }[] | undefined)?.map(({ pointer }) => pointer)
}
