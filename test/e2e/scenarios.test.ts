import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeApiClient } from '../../src/commands/api-client.ts'
import { portableJob } from '../../src/commands/portable-job.ts'
import { runScenarios } from '../../src/commands/run-scenarios.ts'
import { sandboxConnection } from '../../src/commands/sandbox-connections.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { type Switchyard, startSwitchyard, testApiKey } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const startSlurm = () => startSandbox({ providers: ['slurm'], settings: { slurm: { pendingMs: 60, runningMs: 60 } } })

describe('a story of the demo whose job takes too long', () => {
  let sandbox: Awaited<ReturnType<typeof startSlurm>>
  let switchyard: Switchyard

  beforeAll(async () => {
    sandbox = await startSlurm()
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
    await switchyard.api.ok('POST', '/connections', sandboxConnection(sandbox, 'slurm'))
  })
  afterAll(async () => {
    await switchyard.stop()
    await sandbox.close()
  })

  const tell = async (more: object) => {
    const job = { provider: 'slurm', ...portableJob({ seconds: 500 }) }
    const lines: string[] = []
    const api = makeApiClient(switchyard.service.url ?? '', testApiKey)
    const stories = [{ provider: 'slurm', title: 'Slurm', job, ...more }]
    const failures = await runScenarios(api, stories, { limitMs: 1000, print: (line) => lines.push(line) })
    return { failures, told: lines.join('\n') }
  }

  it.each([
    ['shows its output', { output: async () => 'so far' }],
    ['shows no output', {}],
  ])('cancels it if it %s', async (_, more) => {
    const { failures, told } = await tell(more)
    expect(failures).toEqual([expect.stringMatching(/^slurm: job job_\w+ ended (queued|pending|running)/)])
    expect(told).toMatch(/job_\w+ {2}canceled/)
    expect(told.includes('so far')).toBe('output' in more)
  })
})
