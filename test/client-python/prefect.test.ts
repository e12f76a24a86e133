import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { makeApiClient } from '../../src/commands/api-client.ts'
import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { describeReal } from '../real/requirements.ts'
import { pip, pythonFor } from '../support/python.ts'
import { type Switchyard, startSwitchyard, testApiKey } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { type PrefixProxy, startPrefixProxy } from './prefix-proxy.ts'

interface ListedJob {
  id: string
  status: string
  labels: Record<string, string>
  environmentVariables: Record<string, string>
}

const python = inject('prefectPython')
const rates = ['0.1', '0.01', '0.001']
const example = join(import.meta.dirname, '../../examples/prefect')

describeReal('the Prefect example', pythonFor('the Prefect example', python), () => {
  let directory = ''
  let [database, sandbox, switchyard] = [] as unknown as [TestDatabase, Sandbox, Switchyard]
  const proxies: PrefixProxy[] = []

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'switchyard-prefect-'))
    await pip(python, 'install', '--no-deps', '--target', join(directory, 'client'), inject('clientPythonWheel'))
    ;[database, sandbox] = await Promise.all([createTestDatabase(), startSandbox()])
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
    for (const connection of sandboxConnections(sandbox)) await switchyard.api.ok('POST', '/connections', connection)
  })

  afterAll(async () => {
    for (const proxy of proxies) await proxy.stop()
    await switchyard?.stop()
    await sandbox?.close()
    await database?.drop()
    await rm(directory, { recursive: true, force: true })
  })

  const environmentOf = (url: string, home: string): NodeJS.ProcessEnv => ({
    PATH: process.env.PATH,
    ...{ HOME: directory, NO_PROXY: '*', PYTHONPATH: join(directory, 'client'), PYTHONDONTWRITEBYTECODE: '1' },
    ...{ PREFECT_HOME: join(directory, home), PREFECT_SERVER_ANALYTICS_ENABLED: 'false', DO_NOT_TRACK: '1' },
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: '120',
    ...{ SWITCHYARD_URL: url, SWITCHYARD_API_KEY: testApiKey },
  })

  async function list(query: string): Promise<readonly ListedJob[]> {
    const api = makeApiClient(switchyard.service.url ?? '', testApiKey)
    return (await api.get<{ data: readonly ListedJob[] }>(`/jobs?${query}`)).data
  }

  it.concurrent('reuses the jobs of the first attempts if tasks are retried', async () => {
    const readPaths = new Set<string>()
    let submissions = 0
    // The first read of each job fails, so that each task is retried after it has submitted its job.
    const proxy = await startPrefixProxy(switchyard.service.url ?? '', '/api', (method, path) => {
      if (method === 'POST') submissions++
      return /\/jobs\/\w+$/.test(path) && readPaths.size < readPaths.add(path).size
    })
    proxies.push(proxy)
    const options = { env: environmentOf(proxy.url, 'retries'), cwd: example, timeout: 170_000 }
    const { stdout } = await promisify(execFile)(python, ['train_flow.py'], options)
    const ids = [...stdout.matchAll(/^(job_\w+) succeeded$/gm)].map(([, id]) => id)
    expect(ids).toHaveLength(3)
    expect(submissions).toBe(6)
    const jobs = (await list('view=full')).filter(({ environmentVariables }) =>
      rates.includes(environmentVariables.LEARNING_RATE ?? ''),
    )
    expect(jobs.map(({ id }) => id).sort()).toEqual([...ids].sort())
    expect(new Set(jobs.map(({ labels }) => labels['flow-run'])).size).toBe(1)
  })

  it.concurrent('type-checks strictly', async () => {
    // Prefect does not type-check strictly, and the client is checked in its own test.
    const options = ['--strict', '--follow-imports=silent', '--python-executable', python]
    const cache = ['--cache-dir', join(directory, 'mypy')]
    const env = { ...process.env, MYPYPATH: join(directory, 'client') }
    const mypy = promisify(execFile)(
      inject('clientPythonTools'),
      ['-m', 'mypy', ...options, ...cache, 'train_flow.py'],
      {
        ...{ env, cwd: example },
      },
    )
    expect((await mypy).stdout).toContain('Success')
  })

  it.concurrent('cancels its jobs when its process is stopped', async () => {
    const program = 'import asyncio, train_flow as t; asyncio.run(t.sweep((0.5, 0.55), "sleep 600"))'
    const env = environmentOf(switchyard.service.url ?? '', 'cancellation')
    const flow = spawn(python, ['-c', program], {
      env,
      cwd: example,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    })
    const output = text(flow.stderr)
    const jobs = () => list('namePrefix=train-0-5')
    try {
      await vi.waitFor(async () => expect(await jobs()).toMatchObject([{ status: 'running' }, { status: 'running' }]), {
        timeout: 120_000,
        interval: 200,
      })
      flow.kill('SIGTERM')
      const [code] = await once(flow, 'exit')
      expect(code, await output).not.toBe(0)
      await vi.waitFor(
        async () => expect(await jobs()).toMatchObject([{ status: 'canceled' }, { status: 'canceled' }]),
        { timeout: 30_000 },
      )
    } finally {
      killGroup(flow.pid)
    }
  })
})

/** Kills the flow and the Prefect server that it started, if they are still running. */
function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
