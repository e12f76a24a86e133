import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import { providers } from '../../src/providers/registry.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { describeReal } from '../real/requirements.ts'
import { createEnvironment, pip, pythonFor } from '../support/python.ts'
import { type Switchyard, startSwitchyard, testApiKey } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { expectReceiver } from '../support/webhook-example.ts'
import { type PrefixProxy, startPrefixProxy } from './prefix-proxy.ts'

const tools = inject('clientPythonTools')
const root = join(import.meta.dirname, '../..')
const client = join(root, 'clients/python')

describeReal('the Python client', pythonFor('the Python client', tools), () => {
  let [directory, python] = ['', '']
  let [database, sandbox, switchyard, proxy] = [] as unknown as [TestDatabase, Sandbox, Switchyard, PrefixProxy]

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'switchyard-client-python-'))
    python = await createEnvironment(join(directory, 'environment'))
    await pip(python, 'install', inject('clientPythonWheel'))
    ;[database, sandbox] = await Promise.all([createTestDatabase(), startSandbox()])
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
    for (const connection of sandboxConnections(sandbox)) await switchyard.api.ok('POST', '/connections', connection)
    proxy = await startPrefixProxy(switchyard.service.url ?? '', '/compute/api')
  })

  afterAll(async () => {
    await proxy?.stop()
    await switchyard?.stop()
    await sandbox?.close()
    await database?.drop()
    await rm(directory, { recursive: true, force: true })
  })

  async function run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
    const env = { PATH: process.env.PATH, HOME: directory, PYTHONDONTWRITEBYTECODE: '1', NO_PROXY: '*', ...environment }
    const options = { cwd: client, env, timeout: 150_000, maxBuffer: 1e8 }
    try {
      return (await promisify(execFile)(program, [...args], options)).stdout
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string }
      throw new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`)
    }
  }

  it('has the version of the service', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    const program = 'import switchyard_client; print(switchyard_client.__version__)'
    expect((await run(python, ['-c', program])).trim()).toBe(version)
  })

  it('runs jobs and environments from its wheel behind a path prefix', async () => {
    const environment = { SWITCHYARD_URL: proxy.url, SWITCHYARD_API_KEY: testApiKey, PYTHONWARNINGS: 'error' }
    const output = await run(python, [join(import.meta.dirname, 'program.py')], environment)
    expect(JSON.parse(output.trimEnd().split('\n').at(-1) ?? '')).toEqual({
      job: { status: 'succeeded', exitCode: 0, isSame: true, listed: ['hello', 'hello-2'], last: 'job.succeeded' },
      batch: { accepted: 1, problems: ['connection_not_found'], isDry: true },
      errors: { code: 'unsupported', pointer: '/image', unknown: 'NotFoundError', stale: 'VersionMismatchError' },
      patch: { labels: { run: 'python', stage: 'done' }, isUnchanged: true },
      logs: { text: expect.stringContaining('training'), isPreviewed: true },
      environment: { created: 'running', hasUrl: true, stopped: 'stopped', started: 'running', deleted: 'deleted' },
      administration: { providers: providers.length, isRevoked: true, audited: 'api_key.revoked' },
      operation: {
        ...{ isActive: true, isReleased: true, isSame: true, matched: 0, waiting: 0, candidates: 'NotFoundError' },
      },
      webhook: { type: 'webhook.test', forged: 'WebhookVerificationError' },
      asynchronous: { statuses: ['succeeded', 'succeeded'], streamed: ['job.queued', 'job.succeeded'] },
    })
  })

  it.each([
    ['submit_and_wait.py', /training\n[\s\S]*succeeded\n$/],
    ['sweep.py', /^(learning rate 0\.\d+: succeeded\n){3}$/],
  ])('runs the example %s', async (example, output) => {
    const environment = { SWITCHYARD_URL: proxy.url, SWITCHYARD_API_KEY: testApiKey }
    expect(await run(python, [join(root, 'examples/python', example)], environment)).toMatch(output)
  })

  it('fails the example sweep.py unless all jobs succeed', async () => {
    const project = { name: 'without-connections' }
    const { id } = await switchyard.api.ok('POST', '/projects', project)
    const { key } = await switchyard.api.ok('POST', '/api-keys', {
      name: 'sweep',
      projectId: id,
      scopes: ['jobs:read', 'jobs:write'],
    })
    const environment = { SWITCHYARD_URL: proxy.url, SWITCHYARD_API_KEY: String(key) }
    const failing = run(python, [join(root, 'examples/python/sweep.py')], environment)
    await expect(failing).rejects.toThrow(/(learning rate 0\.\d+: .*connection.*\n){3}/)
  })

  it('runs the example webhook_receiver.py', () =>
    expectReceiver([python, 'webhook_receiver.py'], join(root, 'examples/python')))

  async function expectTypes(...what: readonly string[]): Promise<void> {
    const mypy = ['-m', 'mypy', '--strict', '--python-executable', python, '--cache-dir', join(directory, 'mypy')]
    expect(await run(tools, [...mypy, ...what])).toContain('Success')
  }

  it('type-checks strictly together with its programs', async () => {
    await expectTypes('--package', 'switchyard_client')
    await expectTypes(join(import.meta.dirname, 'program.py'))
    for (const example of ['submit_and_wait', 'sweep', 'webhook_receiver'])
      await expectTypes(join(root, `examples/python/${example}.py`))
  })

  it('passes its linter, type checks and unit tests', async () => {
    await run(tools, ['-m', 'ruff', 'check', '--no-cache'])
    await run(tools, ['-m', 'ruff', 'format', '--no-cache', '--check'])
    await pip(python, 'install', '--requirement', join(client, 'requirements-dev.txt'))
    await expectTypes('tests')
    expect(await run(python, ['-m', 'pytest', '-p', 'no:cacheprovider'])).toMatch(/\d+ passed/)
  })
})
