import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ApiRecord, makeApiClient } from '../../src/commands/api-client.ts'
import { makeScenarios } from '../../src/commands/demo-scenarios.ts'
import { runScenarios } from '../../src/commands/run-scenarios.ts'
import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import { sandboxProviders } from '../../src/sandbox/registry.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { makeApiCaller } from '../support/api-caller.ts'
import { openAccount, startQuickSandbox } from '../support/dataforest-account.ts'
import { freePorts } from '../support/free-ports.ts'
import { runCommand } from '../support/process.ts'
import { startSwitchyard, testApiKey } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

async function onDatabase<T>({ url }: TestDatabase, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return use(client).finally(() => client.end())
}

describe('serve without configuration', () => {
  it.concurrent('starts an embedded Postgres and sandbox and keeps its data after a restart', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-start-'))
    // The sandbox uses the ports from PORT + 100.
    const PORT = String(await freePorts(101 + Object.keys(sandboxProviders).length))
    const quick = { POLL_INTERVAL_MS: '60', SWEEP_MIN_INTERVAL_MS: '80', SWEEP_MAX_INTERVAL_MS: '400' }
    const start = async () => {
      const running = runCommand(['serve'], { DATA_DIR: dataDir, PORT, ...quick })
      const { url } = await running.logged(({ msg }) => msg === 'ready')
      const key = (await readFile(join(dataDir, 'api.key'), 'utf8')).trim()
      return { ...running, key, api: makeApiCaller(String(url), key) }
    }
    const first = await start()
    const request = { provider: 'dataforest', name: 'kept', image: 'tensorflow:r2.3.1-py3', command: ['ls'] }
    const { id } = await first.api.ok('POST', '/environments', request)
    const created = await first.api.untilStatus(`/environments/${id}`, 'running')
    const stopped = await first.end('SIGTERM')
    expect(stopped).toMatchObject({ code: 0, stderr: '' })
    expect(stopped.stdout).toContain(`Your API key: ${first.key}`)

    const second = await start()
    expect(second.key).toBe(first.key)
    expect(await second.api.ok('GET', `/environments/${id}`)).toMatchObject({
      status: 'running',
      remote: created.remote,
    })
    const job = { environmentId: id, name: 'after', image: request.image, script: 'true' }
    const accepted = await second.api.ok('POST', '/jobs', job)
    await second.api.untilStatus(`/jobs/${accepted.id}`, 'succeeded')
    expect(await second.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
    await rm(dataDir, { recursive: true, force: true })
  })
})

describe('serve with a data directory', () => {
  let dataDir: string
  let PORT: string
  const quick = { POLL_INTERVAL_MS: '60', SWEEP_MIN_INTERVAL_MS: '80', SWEEP_MAX_INTERVAL_MS: '400' }
  const start = async (env: Readonly<Record<string, string>> = {}) => {
    const running = runCommand(['serve'], { DATA_DIR: dataDir, PORT, ...quick, ...env })
    const { url } = await running.logged(({ msg }) => msg === 'ready')
    const callerWith = (key: string) => makeApiCaller(String(url), key)
    return { ...running, url: String(url), callerWith }
  }
  const storedKey = async () => (await readFile(join(dataDir, 'api.key'), 'utf8')).trim()
  const workspace = { provider: 'dataforest', name: 'kept', image: 'tensorflow:r2.3.1-py3', command: ['ls'] }

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'switchyard-start-'))
    await chmod(dataDir, 0o755) // run by root, Postgres uses another account, which needs access
    PORT = String(await freePorts(101 + Object.keys(sandboxProviders).length))
  })

  afterEach(() => rm(dataDir, { recursive: true, force: true }))

  it('accepts BOOTSTRAP_API_KEY without printing it and starts again without it', async () => {
    const bootstrapKey = 'sy_given-by-the-environment-0123456789'
    const first = await start({ BOOTSTRAP_API_KEY: bootstrapKey })
    const { id } = await first.callerWith(bootstrapKey).ok('POST', '/environments', workspace)
    const exit = await first.end('SIGTERM')
    expect(exit).toMatchObject({ code: 0, stderr: '' })
    expect(exit.stdout).toContain('$BOOTSTRAP_API_KEY')
    expect(exit.stdout).not.toContain(bootstrapKey)

    const second = await start()
    const api = second.callerWith(await storedKey())
    await api.untilStatus(`/environments/${id}`, 'running')
    expect(second.stdout()).toContain(await storedKey())
    await second.callerWith(bootstrapKey).ok('GET', '/jobs')
    const revoked = (await api.ok('GET', '/api-keys')).data as { id: string; name: string }[]
    for (const { id: keyId, name } of revoked) if (name === 'embedded') await api.ok('DELETE', `/api-keys/${keyId}`)
    expect(await second.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' })

    const third = await start({ BOOTSTRAP_API_KEY: 'sy_another-key-without-any-access-here' })
    expect(third.stdout()).toContain('BOOTSTRAP_API_KEY is ignored')
    await third.callerWith(await storedKey()).ok('GET', `/environments/${id}`)
    await third.end('SIGTERM')
  })

  it('keeps all connections to its sandbox working when its ports change', async () => {
    const otherPort = String(await freePorts(101 + Object.keys(sandboxProviders).length))
    const { accessKey, secretKey } = sandboxProviders.dataforest.accounts[0]
    const { image, command } = workspace
    const ids: string[] = []
    for (const port of ['0', otherPort, '0', PORT]) {
      const serving = await start({ PORT: port })
      const api = serving.callerWith(await storedKey())
      if (ids.length === 0) {
        const { data } = await api.ok('GET', '/connections?provider=dataforest')
        const [{ settings }] = data as [{ settings: object }]
        const credentials = { dataforest: { accessKey, secretKey } }
        await api.ok('POST', '/connections', { name: 'of-a-user', settings, credentials })
        for (const connection of (await api.ok('GET', '/connections?provider=dataforest')).data as ApiRecord[]) {
          const request = { connectionId: connection.id, name: `kept-${ids.length}`, image, command }
          ids.push((await api.ok('POST', '/environments', request)).id)
        }
      }
      for (const id of ids) {
        await api.untilStatus(`/environments/${id}`, 'running')
        const job = { environmentId: id, name: 'after', image, script: 'true' }
        await api.untilStatus(`/jobs/${(await api.ok('POST', '/jobs', job)).id}`, 'succeeded')
      }
      const connections = (await api.ok('GET', '/connections')).data
      expect(connections).toHaveLength(Object.keys(sandboxProviders).length + 1)
      expect(await serving.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
    }
  })

  it('restarts with the same key while the key is rate limited', async () => {
    const limited = { REQUEST_RATE_LIMIT: '1', REQUEST_RATE_WINDOW_SECONDS: '3600' }
    const first = await start(limited)
    const key = await storedKey()
    await first.callerWith(key).ok('GET', '/connections')
    expect((await first.callerWith(key).call('GET', '/connections')).status).toBe(429)
    expect(await first.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' })

    // The rate limit window continues. A rejected request must not count as an invalid key.
    const second = await start(limited)
    expect(await storedKey()).toBe(key)
    expect((await second.callerWith(key).call('GET', '/connections')).status).toBe(429)
    expect(await second.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
  })

  it('restarts a killed Postgres and exits if that fails', async () => {
    const serving = await start()
    const kill = async () => {
      const pidFile = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')
      process.kill(Number(pidFile.split('\n')[0]), 'SIGKILL')
    }
    await kill()
    await serving.logged(({ msg }) => msg === 'embedded Postgres restarted')
    const api = serving.callerWith(await storedKey())
    await vi.waitUntil(async () => (await api.call('GET', '/readyz')).status === 200, { timeout: 30_000 })
    const { id } = await api.ok('POST', '/environments', workspace)
    await api.untilStatus(`/environments/${id}`, 'running')

    await rm(join(dataDir, 'postgres', 'PG_VERSION'))
    await kill()
    const exit = await serving.exited
    expect(exit.code).toBe(1)
    expect(exit.stdout).toContain('cannot be restarted')
  })

  it('stops when the npm process that started it is terminated', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const npm = spawn('npm', ['start'], {
      cwd: root,
      env: { ...process.env, DATABASE_URL: '', DATA_DIR: dataDir, PORT, ...quick },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    npm.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
    const closed = once(npm.stdout, 'close')
    await vi.waitUntil(() => output.includes('"msg":"ready"'), { timeout: 60_000 })
    npm.kill('SIGTERM')
    // Closes when the last process that can write to it exits.
    await closed
    expect(output).toContain('"msg":"stopped"')
    await expect(fetch(`http://127.0.0.1:${PORT}/livez`)).rejects.toThrow()
  })
})

describe('demo', () => {
  it.concurrent('completes every scenario and exits with 0', async () => {
    const { code, stdout, stderr } = await runCommand(['demo'], {}).exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('All scenarios succeeded.')
    for (const [kind, end] of [
      ['environment', 'deleted'],
      ['job', 'succeeded'],
    ])
      expect(stdout.match(new RegExp(`${kind}\\.${end}`, 'g'))?.length).toBeGreaterThanOrEqual(4)
  })

  it.concurrent('exits with 1 when interrupted', async ({ expect }) => {
    const running = runCommand(['demo'], {})
    await expect.poll(() => running.stdout(), { timeout: 60_000 }).toContain('Data Forest:')
    const { code, stdout } = await running.end('SIGINT')
    expect(code).toBe(1)
    expect(stdout).toContain('✗ interrupted')
  })

  it.concurrent('names the scenario that does not settle and completes the others', async () => {
    const [database, sandbox] = await Promise.all([createTestDatabase(), startSandbox()])
    const switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
    sandbox.faults.add({ kind: 'rate_limited', operation: 'aiworkspaces.create' })
    const connections = sandboxConnections(sandbox)
    for (const connection of connections) await switchyard.api.ok('POST', '/connections', connection)
    const scenarios = makeScenarios(sandbox).filter(({ provider }) => ['dataforest', 'scnet'].includes(provider))
    const api = makeApiClient(switchyard.service.url ?? '', testApiKey)
    const lines: string[] = []
    const failures = await runScenarios(api, scenarios, { limitMs: 12_000, print: (line) => lines.push(line) })
    expect(failures).toEqual([expect.stringMatching(/^dataforest: environment env_\w+ ended queued \(rate_limited/)])
    expect(lines.join('\n')).toContain('job.succeeded')
    await switchyard.stop()
    await sandbox.close()
    await database.drop()
  })
})

describe('doctor', () => {
  it.concurrent('reports each violated invariant and exits with 1', async () => {
    const [database, sandbox] = await Promise.all([createTestDatabase(), startQuickSandbox()])
    const switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
    const account = await openAccount(switchyard.api, sandbox)
    const environment = await account.environment()
    const jobs = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const job = await account.job(environment, 'sleep 600')
        return switchyard.api.untilStatus(`/jobs/${job.id}`, 'running')
      }),
    )
    await switchyard.stop()
    await sandbox.close()
    const examine = () => runCommand(['doctor'], { DATABASE_URL: database.url }).exited
    const healthy = await examine()
    expect([healthy.code, healthy.stdout.includes('✗')]).toEqual([0, false])

    const [wrongStatus, gap, duplicate, leased, withoutRemoteId, overdue] = jobs.map(({ id }) => id)
    const corruptions: [string, readonly (string | undefined)[]][] = [
      ["UPDATE workloads SET status = 'pending' WHERE id = $1", [wrongStatus]],
      ['DELETE FROM workload_events WHERE workload_id = $1 AND seq = 2', [gap]],
      [
        'UPDATE workloads SET remote_id = (SELECT remote_id FROM workloads WHERE id = $2) WHERE id = $1',
        [duplicate, gap],
      ],
      ["UPDATE workloads SET lease_id = 'x', lease_until = now() - interval '1 day' WHERE id = $1", [leased]],
      ['UPDATE workloads SET remote_id = NULL WHERE id = $1', [withoutRemoteId]],
      ["UPDATE workload_attempts SET ended_at = now() - interval '1 day' WHERE workload_id = $1", [withoutRemoteId]],
      ["UPDATE workloads SET due_at = now() - interval '1 day' WHERE id = $1", [overdue]],
      ["UPDATE sweeps SET due_at = now() - interval '1 day' WHERE kind = 'environment'", []],
    ]
    await onDatabase(database, async (client) => {
      for (const [statement, values] of corruptions) await client.query(statement, [...values])
    })
    const { code, stdout } = await examine()
    expect(code).toBe(1)
    const found = stdout.split(/^(?=ok |✗ )/m).map((part) => part.split('\n'))
    const findingsOf = (check: string) => found.find(([title]) => title === `✗   ${check}`)?.join('\n') ?? ''
    expect(findingsOf('the last event has the status')).toContain(`${wrongStatus}  status pending, last event running`)
    expect(findingsOf('events are numbered without gaps')).toContain(`${gap}`)
    expect(findingsOf('a remote object has one live record')).toContain(`${duplicate}`)
    expect(findingsOf('leases end in time')).toContain(`${leased}`)
    expect(findingsOf('created objects have their remote id recorded')).toContain(`${withoutRemoteId}`)
    expect(findingsOf('due workloads are processed')).toContain(`${overdue}`)
    expect(findingsOf('existing objects are scanned')).toContain(`${environment.id}`)
    await database.drop()
  })
})
