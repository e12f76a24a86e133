import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandOf } from '../../../src/operator/resolve-command.ts'
import type { Resolution } from '../../../src/workloads/actions/resolve.ts'
import { type CliBench, jobYaml, startCliBench } from '../../support/cli-bench.ts'
import { type StubServer, startStubServer } from '../../support/stub-server.ts'

let bench: CliBench
let receiver: Server
/** A service with scripted responses. */
let service: StubServer
/** Types of the events that the receiver has accepted. */
const received: string[] = []

beforeAll(async () => {
  bench = await startCliBench()
  service = await startStubServer()
  receiver = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    received.push(JSON.parse(body).type)
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
})

afterAll(async () => {
  receiver?.close()
  await service?.close()
  await bench?.stop()
})

const run: CliBench['cli']['run'] = (args, options) => bench.cli.run(args, options)

/** The arguments of a command as parsed by a POSIX shell. */
function argumentsOf(command: string): string[] {
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
  return printed.split('\0').slice(0, -1)
}

/** Parsed output of a command that must succeed. */
async function json(...args: string[]) {
  const { code, stdout, stderr } = await run([...args, '--json'])
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('Error')])
  return JSON.parse(stdout)
}

describe('webhooks', () => {
  it('are created, tested, redelivered, updated and deleted', async () => {
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
    const { id, secret } = await json('webhooks', 'create', url, '--events', 'job.*,environment.failed')
    expect(secret).toMatch(/^whsec_/)
    expect(await json('webhooks', 'get', id)).toMatchObject({ eventTypes: ['job.*', 'environment.failed'] })
    expect((await run(['webhooks', 'list'])).stdout).toContain(`${id}  ${url}  job.*, environment.failed  yes`)
    const delivery = await json('webhooks', 'test', id)
    await bench.switchyard.api.until(
      `/webhook-endpoints/${id}/deliveries/${delivery.id}`,
      ({ status }) => status === 'delivered',
    )
    expect(await json('webhooks', 'deliveries', id, '--status', 'delivered')).toMatchObject([{ id: delivery.id }])
    await json('webhooks', 'redeliver', id, delivery.id)
    await expect.poll(() => received).toEqual(['webhook.test', 'webhook.test'])
    expect(await json('webhooks', 'replay', id, '--since', '1h')).toEqual({ count: 0, isComplete: true })
    expect((await json('webhooks', 'rotate-secret', id, '--overlap', '1h')).secret).not.toBe(secret)
    expect(await json('webhooks', 'update', id, '--disabled', '--description', 'ci')).toMatchObject({
      ...{ enabled: false, description: 'ci', url },
    })
    expect(await run(['webhooks', 'delete', id])).toMatchObject({ code: 0, stderr: `${id} is deleted.\n` })
    expect(await run(['webhooks', 'get', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('not_found') })
  })

  it('report an incomplete replay', async () => {
    service.on('POST /webhook-endpoints/whe_1/replay', { body: { count: 50_000, isComplete: false } })
    const replay = await run(['webhooks', 'replay', 'whe_1', '--since', '1h', '-o', 'name'], {
      env: { SWITCHYARD_URL: service.url },
    })
    const note = 'More failed deliveries remain. Run the command again.\n'
    expect(replay).toEqual({ code: 1, stdout: '50000\n', stderr: note })
  })

  it('reject --enabled together with --disabled', async () => {
    const both = await run(['webhooks', 'update', 'whe_1', '--enabled', '--disabled'])
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('exclude each other') })
  })
})

describe('health', () => {
  it('is printed per provider as a table and per connection in full', async () => {
    const [{ id, provider }] = await json('connections', 'list', '--provider', 'slurm')
    expect(await json('connections', 'verify', id)).toMatchObject({ ok: true })
    await bench.switchyard.service.container.calls.flush()
    const { code, stdout } = await run(['providers', 'health'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^PROVIDER +STATE +CALLS +FAILED +P50 +P99 +LAST SUCCESS +LAST FAILURE +LIVE +PARKED$/m)
    expect(stdout).toMatch(/^slurm +active +[1-9]\d* +0 % +\d+ ms +\d+ ms +\S+ ago +none +\d+ +0$/m)
    const health = await json('connections', 'health', id)
    expect(health).toMatchObject({ connectionId: id, provider, calls: { failed: 0 }, windowSeconds: 3600 })
    expect((await run(['connections', 'health', id])).stdout).toContain('p50Ms: ')
  })
})

describe('admin', () => {
  it('creates projects and lists audit entries', async () => {
    const { id } = await json('admin', 'create-project', 'research')
    expect((await run(['admin', 'projects', '-o', 'name'])).stdout).toContain(id)
    const [entry, ...more] = await json('admin', 'audit', '--object', id)
    expect([entry, more]).toMatchObject([{ action: 'project.created', objectId: id }, []])
  })

  it('resolves a job or environment with exactly one decision', async () => {
    const env = { SWITCHYARD_URL: service.url }
    const resolve = (...args: string[]) => run(['admin', 'resolve', ...args, '-o', 'name'], { env })
    for (const id of ['job_1', 'env_1']) service.on(`POST /attention/${id}/resolve`, { body: { id, status: 'queued' } })
    expect(await resolve('job_1', '--status', 'failed')).toMatchObject({ code: 0, stdout: 'job_1\n' })
    expect(await resolve('job_1', '--not-created')).toMatchObject({ code: 0 })
    expect(await resolve('env_1', '--remote-id', '42')).toMatchObject({ code: 0, stdout: 'env_1\n' })
    for (const [args, message] of [
      [['job_1'], 'Give exactly one of'],
      [['job_1', '--status', 'failed', '--not-created'], 'Give exactly one of'],
      [['env_1', '--status', 'failed'], '--status is for jobs'],
      [['job_1', '--retry', '--dry-run'], 'An id excludes filters'],
      [['--retry'], 'Give an id, or a filter'],
      [['--provider', 'slurm', '--remote-id', '1'], 'for one job or environment'],
    ] as const)
      expect(await resolve(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
    expect(service.requests.slice(-3).map(({ body }) => JSON.parse(body))).toEqual([
      { status: 'failed' },
      { outcome: 'not_created' },
      { remoteId: '42' },
    ])
  })

  it('accepts every resolve command that the service suggests', async () => {
    const env = { SWITCHYARD_URL: service.url }
    service.on('POST /attention/job_1/resolve', { body: { id: 'job_1', status: 'queued' } })
    const resolutions: Resolution[] = [
      { remoteId: '42' },
      { remoteId: `-it's a "name" of $HOME` },
      { outcome: 'not_created' },
      { outcome: 'retry' },
      ...(['succeeded', 'failed', 'canceled'] as const).map((status) => ({ status })),
    ]
    for (const resolution of resolutions) {
      const [, ...args] = argumentsOf(commandOf('job_1', resolution))
      expect(await run([...args, '-o', 'name'], { env })).toMatchObject({ code: 0, stdout: 'job_1\n' })
      expect(JSON.parse(service.requests.at(-1)?.body ?? '')).toEqual(resolution)
    }
  })

  it('lists candidates and prints why a search is incomplete', async () => {
    const env = { SWITCHYARD_URL: service.url }
    const found = { remoteId: '42', remoteName: 'train', state: 'RUNNING', hasTag: true, isOwned: false }
    const report = { id: 'job_1', correlationTag: 'a', isComplete: true, candidates: [found], calls: [] }
    service.once('GET /attention/job_1/candidates', { body: report })
    const { code, stdout, stderr } = await run(['admin', 'candidates', 'job_1'], { env })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^REMOTE ID +NAME +STATE +TAGGED +OWNED\n42 +train +RUNNING +yes +no *\n$/)
    const cut = { ...report, isComplete: false, candidates: [], message: 'The list was cut.' }
    service.once('GET /attention/job_1/candidates', { body: cut })
    expect(await run(['admin', 'candidates', 'job_1', '-o', 'name'], { env })).toEqual({
      ...{ code: 0, stdout: '', stderr: 'The list was cut.\n' },
    })
  })

  it('resolves all pages of a filter and reports the count', async () => {
    const item = (id: string, result: string) => ({ id, kind: 'job', projectId: 'prj_1', result })
    const page = { dryRun: false, matched: 1, resolved: 1 }
    service.once('POST /attention/resolve', {
      body: { ...page, items: [item('job_1', 'resolved')], nextCursor: 'more' },
    })
    service.on('POST /attention/resolve', { body: { ...page, items: [item('job_2', 'too_early')] } })
    const args = ['admin', 'resolve', '--provider', 'slurm', '--older-than', '2h', '--not-created', '-o', 'name']
    expect(await run(args, { env: { SWITCHYARD_URL: service.url } })).toEqual({
      ...{ code: 1, stdout: 'job_1\njob_2\n', stderr: '1 of 2 are resolved.\n' },
    })
    const [first, second] = service.requests.slice(-2).map(({ body }) => JSON.parse(body))
    expect(first).toMatchObject({ filter: { provider: 'slurm', sinceBefore: expect.any(String) }, dryRun: false })
    expect(second).toEqual({ ...first, cursor: 'more' })
  })

  it('prints the results of earlier requests if a later one fails', async () => {
    const items = [{ id: 'job_1', kind: 'job', projectId: 'prj_1', result: 'resolved' }]
    const page = { dryRun: false, matched: 1, resolved: 1, items, nextCursor: 'more' }
    const problem = { code: 'permission_denied', title: 'Forbidden', detail: 'The key was revoked.', errors: [] }
    service.once('POST /attention/resolve', { body: page })
    service.once('POST /attention/resolve', { status: 403, body: { ...problem, status: 403 } })
    const args = ['admin', 'resolve', '--provider', 'slurm', '--not-created', '--json']
    const { code, stdout, stderr } = await run(args, { env: { SWITCHYARD_URL: service.url } })
    expect([code, JSON.parse(stdout)]).toEqual([1, items[0]])
    expect(stderr).toMatch(/^1 of 1 are resolved\. Repeat the command for the others\.\n.*The key was revoked/)
  })

  it('reports a dry run with a filter', async () => {
    const items = ['resolvable', 'too_early'].map((result) => ({ id: result, kind: 'job', projectId: 'prj_1', result }))
    service.once('POST /attention/resolve', { body: { dryRun: true, matched: 2, resolved: 1, items } })
    const args = ['admin', 'resolve', '--code', 'timeout', '--retry', '--dry-run', '-o', 'name']
    expect(await run(args, { env: { SWITCHYARD_URL: service.url } })).toEqual({
      ...{ code: 0, stdout: 'resolvable\ntoo_early\n', stderr: '1 of 2 would be resolved.\n' },
    })
    expect(JSON.parse(service.requests.at(-1)?.body ?? '')).toEqual({
      ...{ filter: { code: 'timeout' }, resolution: { outcome: 'retry' }, dryRun: true },
    })
  })

  it('lists workloads for an operator, sets creation holds and releases them', async () => {
    expect(await json('admin', 'attention')).toEqual([])
    const hold = await json('admin', 'hold', '--provider', 'aitems', '--note', 'maintenance')
    expect(await json('admin', 'holds', '--active')).toMatchObject([{ id: hold.id, note: 'maintenance' }])
    const doctor = await run(['admin', 'doctor', '--no-verify'])
    expect(doctor).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('creates of aitems are on hold: maintenance'),
    })
    const { key } = await json('keys', 'create', '--name', 'reader', '--scopes', 'jobs:read')
    const reader = await run(['admin', 'doctor', '--no-verify'], { env: { SWITCHYARD_API_KEY: key } })
    expect(reader.stdout).toMatch(/^holds of new creates +skipped +- +not checked: requires the scope admin$/m)
    expect(await json('admin', 'release', hold.id)).toMatchObject({ releasedAt: expect.any(String) })
    expect(await run(['admin', 'hold'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--provider') })
    // Entries younger than a minute are not exported.
    const { code, stdout } = await run(['admin', 'audit-export', '--action', 'creation_hold.released'])
    expect([code, stdout]).toEqual([0, ''])
  })
})

it('a job lost at its provider can be resolved only once', async () => {
  const submitted = await run(['jobs', 'submit', '-f', '-', '-o', 'name'], { input: jobYaml('sleep 60') })
  const id = submitted.stdout.trim()
  await bench.switchyard.api.untilStatus(`/jobs/${id}`, 'running')
  // Reads fail until the job has ended and the controller has purged its record.
  const { faults, world } = bench.sandbox
  const unreadable = ['job.get', 'job.list'].map((operation) =>
    faults.add({ kind: 'error_before', status: 503, operation }),
  )
  world.advance(361_000)
  for (const fault of unreadable) faults.clear(fault.id)
  await bench.switchyard.api.untilStatus(`/jobs/${id}`, 'unknown')
  const { stdout } = await run(['admin', 'doctor', '--no-verify', '--json'])
  expect(stdout).toContain(id)
  expect(await json('admin', 'resolve', id, '--status', 'succeeded')).toMatchObject({ id, status: 'succeeded' })
  expect(await json('jobs', 'get', id)).toMatchObject({ status: 'succeeded' })
  expect(await run(['admin', 'resolve', id, '--status', 'failed'])).toMatchObject({ code: 1, stdout: '' })
})

it('keys are rotated', async () => {
  const { id, key } = await json('keys', 'create', '--name', 'old', '--scopes', 'jobs:read')
  const rotated = await json('keys', 'rotate', id, '--overlap', '1h', '--expires', '30d')
  expect([rotated.key === key, rotated.name]).toEqual([false, 'old'])
  const env = { SWITCHYARD_API_KEY: rotated.key }
  expect(await run(['jobs', 'list'], { env })).toMatchObject({ code: 0 })
})

it('a provider and the catalog of a connection are printed', async () => {
  expect(await json('providers', 'get', 'slurm')).toMatchObject({ id: 'slurm' })
  const [connection] = await json('connections', 'list', '--provider', 'slurm')
  expect(await json('connections', 'catalog', connection.id)).toHaveProperty('job')
})

describe('events', () => {
  it('are listed oldest first and followed until interrupted', async () => {
    await run(['jobs', 'submit', '-f', '-'], { input: jobYaml('exit 0') })
    const events: { type: string; cursor: string }[] = await json('events', '--limit', '2')
    expect(events.map(({ type }) => type)).toEqual(['job.queued', 'job.dispatching'])
    const { endCursor } = await bench.switchyard.api.ok('GET', '/events?limit=200')
    const following = run(['events', '-f', '-o', 'json', '--cursor', String(endCursor)], {
      signalAt: { text: 'job.succeeded', signal: 'SIGINT' },
    })
    const submitting = run(['jobs', 'submit', '-f', '-'], { input: jobYaml('exit 0') })
    const [{ code, stdout }] = await Promise.all([following, submitting])
    const types = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type)
    expect([code, types]).toEqual([130, expect.arrayContaining(['job.succeeded'])])
  })
})
