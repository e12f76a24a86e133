import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { openInertly } from '../../../src/capabilities/describe-provider.ts'
import { sandboxConnections } from '../../../src/commands/sandbox-connections.ts'
import { makeLogger } from '../../../src/infra/logger.ts'
import { providers } from '../../../src/providers/registry.ts'
import { type FaultInput, faultKinds } from '../../../src/sandbox/faults.ts'
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts'
import { makeTracing } from '../../../src/telemetry/otel-tracing.ts'
import type { Tracing } from '../../../src/telemetry/tracing.ts'
import { hasOpenssl, makeCertificateAuthority } from '../../support/certificate-authority.ts'
import { type OtlpReceiver, startOtlpReceiver } from '../../support/otlp-receiver.ts'
import { describeOnEachQueueBackend } from '../../support/queue-backends.ts'
import { type StubServer, startStubServer } from '../../support/stub-server.ts'
import { type Switchyard, startSwitchyard } from '../../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts'
import { type Canary, canariesIn, drawCanary, leaksIn } from './canaries.ts'
import { makeRecorder, operationsOf, type Recorder } from './every-route.ts'
import { requestsOf } from './requests.ts'
import { dumpDatabase, watchRedis } from './watchers.ts'

const secretsKey = randomBytes(32)
const apiKey = drawCanary('the API key')
/** Neutral names: drivers redact fields named like a password or token anyway. */
const variables = { ALPHA: drawCanary('ALPHA'), BETA: drawCanary('BETA') }
const secretVariables = Object.fromEntries(Object.entries(variables).map(([name, { value }]) => [name, value]))
/** A secret in a webhook URL: visible in the record, but not in logs. */
const urlCanary = drawCanary('the URL of a webhook')
const wrong = drawCanary('wrong credentials')
/** All faults that affect responses. */
const faults: readonly FaultInput[] = faultKinds
  .filter((kind) => kind !== 'clock_offset')
  .map((kind) => ({ kind, ...(kind === 'execute_late' || kind === 'stall' ? { delayMs: 100 } : {}) }))

describeOnEachQueueBackend('planted secrets', ({ kind, openRedis }) => {
  let database: TestDatabase
  let sandbox: Sandbox
  let switchyard: Switchyard
  let recorder: Recorder
  let receiver: StubServer
  let collector: OtlpReceiver
  let tracing: Tracing
  let redis: Awaited<ReturnType<typeof watchRedis>> | null = null
  const log: string[] = []
  const canaries: Canary[] = [
    apiKey,
    wrong,
    ...Object.values(variables),
    { name: 'SECRETS_KEY', value: secretsKey.toString('base64') },
    { name: 'SECRETS_KEY in hex', value: secretsKey.toString('hex') },
  ]

  beforeAll(async () => {
    database = await createTestDatabase()
    sandbox = await startSandbox({})
    receiver = await startStubServer()
    collector = await startOtlpReceiver()
    tracing = await makeTracing({
      ...{ version: '1', sampler: { name: 'always_on', ratio: 1 } },
      exporter: { url: collector.url, protocol: 'http/json', onFailure: (error) => void log.push(String(error)) },
    })
    const opened = openRedis()
    if (opened !== null) redis = await watchRedis(opened.url)
    switchyard = await startSwitchyard({
      databaseUrl: database.url,
      redis: opened,
      secretsKey: secretsKey.toString('base64'),
      apiKey: apiKey.value.padEnd(40, '0'),
      logger: makeLogger({ level: 'trace', destination: { write: (line) => void log.push(line) }, pretty: false }),
      tracing,
    })
    recorder = makeRecorder(switchyard.service.url ?? '', apiKey.value.padEnd(40, '0'))
  })

  afterAll(async () => {
    await switchyard.stop()
    await redis?.stop()
    await sandbox.close()
    await receiver.close()
    await collector.close()
    await database.drop()
  })

  const post = (path: string, body: unknown) => recorder.call(`POST ${path}`, 'POST', path, body)
  const ids = new Map<string, string>()
  const connections: string[] = []
  const accepted: { path: string; provider: string; hasSecrets: boolean }[] = []

  it('are accepted by every provider', async () => {
    for (const connection of sandboxConnections(sandbox)) {
      canaries.push(...canariesIn('credentials', connection.credentials))
      const { status, body } = await post('/connections', connection)
      expect(status, connection.name).toBe(201)
      connections.push((body as { id: string }).id)
    }
    ids.set('connections', connections[0] ?? '')
    await query(['verify'])
    for (const request of requestsOf(sandbox)) await submitWithSecrets(request)
    const known = accepted.flatMap(({ provider, hasSecrets }) => (hasSecrets ? [provider] : []))
    expect([...new Set(known)].sort()).toEqual(withVariables())
  })

  /** Providers with drivers that accept environment variables. */
  const withVariables = () =>
    sandboxConnections(sandbox).flatMap(({ settings }) =>
      providers.flatMap((provider) => {
        const given = settings[provider.id]
        const drivers = given === undefined ? {} : openInertly(provider, given).drivers
        return Object.values(drivers).some(({ accepts }) => accepts.environmentVariables) ? [provider.id] : []
      }),
    )

  /** Omits the secret variables if the provider does not support variables. */
  async function submitWithSecrets({ kind: plural, provider, body }: ReturnType<typeof requestsOf>[number]) {
    const environmentId = ids.get(`environments/${provider}`)
    const request = { ...body, ...('provider' in body ? {} : { environmentId }) }
    const withSecrets = await post(`/${plural}`, { ...request, secretVariables })
    const response = withSecrets.status === 422 ? await post(`/${plural}`, request) : withSecrets
    expect(response.status, `${provider} ${plural}: ${response.text}`).toBe(202)
    const { id } = response.body as { id: string }
    if (plural === 'environments') ids.set(`environments/${provider}`, id)
    ids.set(plural, id)
    accepted.push({ path: `/${plural}/${id}`, provider, hasSecrets: withSecrets.status === 202 })
  }

  it('sign webhook deliveries, including failed ones', async () => {
    const route = `/hook?token=${urlCanary.value}`
    receiver.on(`POST ${route}`, { status: 200 })
    for (const failure of [{ status: 500 }, { isReset: true as const }]) receiver.once(`POST ${route}`, failure)
    const created = await switchyard.api.ok('POST', '/webhook-endpoints', { url: receiver.url + route })
    const path = `/webhook-endpoints/${created.id}`
    const rotated = await switchyard.api.ok('POST', `${path}/rotate-secret`, {})
    canaries.push(...[created, rotated].flatMap(({ secret }) => canariesOfSecret(String(secret))))
    const tested = await switchyard.api.ok('POST', `${path}/test`)
    ids.set('webhook-endpoints', created.id)
    ids.set('deliveries', tested.id)
    await switchyard.api.ok('GET', path)
    await vi.waitUntil(() => receiver.requests.length > 5, { timeout: 30_000 })
    expect(log.join('')).toContain('webhook delivery failed')
  })

  const canariesOfSecret = (secret: string): Canary[] =>
    [secret, secret.slice('whsec_'.length)].map((value) => ({ name: 'the secret of a webhook', value }))

  it('reach the providers', async () => {
    for (const { path, hasSecrets } of accepted)
      if (hasSecrets) await switchyard.api.until(path, ({ status }) => !['queued', 'dispatching'].includes(status))
    const sent = JSON.stringify(sandbox.objects())
    for (const { name, value } of Object.values(variables)) expect(sent.split(value).length, name).toBeGreaterThan(3)
  })

  it('are sent while every route is called', async () => {
    const others = [
      ...accepted.flatMap(({ path }) =>
        ['', '/remote', '/attempts', '/events', '/logs', '/access'].map((end) => path + end),
      ),
      ...['/jobs?view=full', '/environments?view=full', '/audit', '/metrics'],
    ]
    for (const path of others) await recorder.call(`GET ${path}`, 'GET', path)
    await callEveryRoute()
  })

  it('are sent in malformed and rejected requests', async () => {
    const bodies = [
      '{"secretVariables":{"A":"',
      JSON.stringify({ secretVariables: { 'not a name': variables.BETA.value } }),
    ]
    for (const body of [...bodies, `{"name":"x","secretVariables":${JSON.stringify(variables.BETA.value)}}`]) {
      await post('/jobs', body + variables.BETA.value)
      await post('/jobs', body)
    }
    for (const { name, settings, credentials } of sandboxConnections(sandbox)) {
      const [[provider, given]] = Object.entries(credentials as Record<string, object>) as [[string, object]]
      const fields = Object.fromEntries(Object.keys(given).map((field) => [field, wrong.value]))
      const sent = await post('/connections', { name: `${name}-wrong`, settings, credentials: { [provider]: fields } })
      const { id } = sent.body as { id?: string }
      const verified = await post(`/connections/${id}/verify`, undefined)
      expect(sent.status === 422 || sent.status === 400 || verified.text.includes('"ok":false'), provider).toBe(true)
      await post('/connections', { name: 'x', settings, credentials: { [provider]: { ...given, extra: wrong.value } } })
      await post('/connections', { name: 'y', settings, credentials: { [provider]: `\n${wrong.value}` } })
    }
  })

  it('are sent during provider faults', async () => {
    for (const fault of faults) {
      const { id } = sandbox.faults.add(fault)
      const created = await Promise.all(submittable().map(({ path, body }) => post(path, { ...body, secretVariables })))
      await query(['verify', 'catalog', 'orphans', 'health'])
      for (const { operation, body } of created) {
        const path = `${operation.slice('POST '.length)}/${(body as { id?: string }).id}`
        for (const end of ['', '/logs', '/remote', '/attempts']) await recorder.call(`GET ${end}`, 'GET', path + end)
      }
      expect(sandbox.faults.active.find((each) => each.id === id)?.fired ?? 0, fault.kind).toBeGreaterThan(0)
      sandbox.faults.clear(id)
      // Ends the pauses that the fault has caused.
      await query(['verify'])
    }
    for (const path of ['/jobs?view=full&limit=200', '/environments?view=full&limit=200', '/audit'])
      await recorder.call(`GET ${path}`, 'GET', path)
  })

  const submittable = () =>
    requestsOf(sandbox).flatMap(({ kind: plural, body }) => ('provider' in body ? [{ path: `/${plural}`, body }] : []))

  async function query(queries: readonly string[]): Promise<void> {
    const pairs = connections.flatMap((id) => queries.map((name) => ({ id, name })))
    await Promise.all(
      pairs.map(({ id, name }) =>
        recorder.call(name, name === 'verify' ? 'POST' : 'GET', `/connections/${id}/${name}`),
      ),
    )
  }

  it.skipIf(!hasOpenssl)('are stored in the network of a connection', async () => {
    const [{ settings, credentials } = { settings: {}, credentials: {} }] = sandboxConnections(sandbox)
    const pair = makeCertificateAuthority().issue('canary')
    const [username, password] = [drawCanary('user of a proxy'), drawCanary('password of a proxy')]
    const [line = ''] = pair.key.split('\n').filter((each) => each.length > 40)
    canaries.push(username, password, { name: 'the key of a client certificate', value: line })
    const basic = Buffer.from(`${username.value}:${password.value}`).toString('base64')
    canaries.push({ name: 'the header of a proxy', value: basic })
    const proxy = { url: receiver.url, username: username.value, password: password.value }
    const network = { proxy, clientCertificate: pair }
    const created = await post('/connections', { name: 'with a network', settings, credentials, network })
    expect(created.status).toBe(201)
    const { id } = created.body as { id: string }
    expect((await post(`/connections/${id}/verify`, undefined)).text).toContain('"ok":false')
    const damaged = { ...pair, key: `${pair.key}x`.replace('BEGIN', 'BEGUN') }
    for (const wrongPair of [damaged, { ...pair, certificate: pair.key }])
      await recorder.call('PATCH', 'PATCH', `/connections/${id}`, { network: { clientCertificate: wrongPair } })
    await recorder.call('PATCH', 'PATCH', `/connections/${id}`, { network: { proxy } })
    await recorder.call('PATCH', 'PATCH', `/connections/${id}`, { network: { proxy: { ...proxy, extra: 1 } } })
  })

  it('do not appear in responses, logs, spans, tables or queue commands', async () => {
    expect(log.length).toBeGreaterThan(200)
    expect(log.join('').length).toBeGreaterThan(20_000)
    const leaks = recorder.responses.flatMap(({ operation, text }) =>
      leaksIn(`the response of ${operation}`, text, canaries),
    )
    leaks.push(...log.flatMap((line) => leaksIn('the log', line, [...canaries, urlCanary])))
    leaks.push(...receiver.requests.flatMap((request) => leaksIn('a webhook', JSON.stringify(request), canaries)))
    await tracing.close()
    expect(collector.spans().length).toBeGreaterThan(500)
    const exported = collector.requests.map(({ body }) => body.toString())
    leaks.push(...exported.flatMap((text) => leaksIn('a span', text, [...canaries, urlCanary])))
    const tables = await switchyard.service.container.calls.flush().then(() => dumpDatabase(database.url))
    expect([...tables.keys()]).toEqual(
      expect.arrayContaining([
        'public.workloads',
        'public.workload_secrets',
        'public.audit',
        'public.webhook_endpoints',
      ]),
    )
    for (const [table, rows] of tables) leaks.push(...leaksIn(table, rows, canaries))
    const queued = kind === 'redis' ? (redis?.text() ?? '') : (tables.get('bullmq.jobs') ?? '')
    if (kind === 'redis') expect(queued).toMatch(/conn_[0-9a-z]{26}/)
    leaks.push(...leaksIn('the queue', queued, canaries))
    expect(leaks.slice(0, 20)).toEqual([])
  })

  /** Calls each operation once on an existing record. Rejections are checked as well. */
  async function callEveryRoute(): Promise<void> {
    const projects = (await recorder.call('projects', 'GET', '/projects')).body as { data: { id: string }[] }
    ids.set('projects', projects.data[0]?.id ?? '')
    const created = (await post('/api-keys', { name: 'second', scopes: ['jobs:read'] })).body as { id: string }
    ids.set('api-keys', created.id)
    const called = new Set<string>()
    for (const { id, method, path } of await operationsOf(recorder)) {
      const [, resource = ''] = path.split('/')
      const filled = path
        .replace('{id}', ids.get(resource) ?? 'none')
        .replace('{deliveryId}', ids.get('deliveries') ?? 'none')
        .replace('{provider}', 'dataforest')
      await recorder.call(id, method.toUpperCase(), filled, bodyFor(id, method))
      called.add(id)
    }
    expect(called.size).toBeGreaterThan(40)
  }

  function bodyFor(operation: string, method: string): unknown {
    if (method === 'get' || method === 'delete') return undefined
    const [{ body: preview } = { body: {} }] = requestsOf(sandbox).filter(({ provider }) => provider === 'dataforest')
    const bodies: Record<string, object | undefined> = {
      previewEnvironment: { ...preview, secretVariables },
      previewJob: { provider: 'slurm', name: 'p', script: 'env', secretVariables },
      updateEnvironment: { secretVariables },
      updateConnection: { name: 'renamed' },
      verifyConnection: undefined,
      testWebhookEndpoint: undefined,
      redeliverWebhook: undefined,
      replayWebhookEndpoint: { since: '2024-01-01T00:00:00Z' },
      cancelJob: undefined,
      startEnvironment: undefined,
      stopEnvironment: undefined,
    }
    return operation in bodies ? bodies[operation] : {}
  }
})
