import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../../src/commands/api-client.ts'
import { reseal } from '../../../src/container/container.ts'
import { makeDatabase } from '../../../src/infra/database.ts'
import { makeSecretBox } from '../../../src/secrets/secret-box.ts'
import { type Account, environmentRequest, openAccount, useQuickSandbox } from '../../support/dataforest-account.ts'
import { startStubServer } from '../../support/stub-server.ts'
import { type Switchyard, startSwitchyard } from '../../support/switchyard.ts'
import { useTestDatabase } from '../../support/test-database.ts'

const key = () => randomBytes(32).toString('base64')
const oldKey = key()
const newKey = key()
const canary = 'canary-of-the-secret-variables'
const by = { subject: 'shell:operator', address: 'here', requestId: '' }
const secretVariables = { DB_PHRASE: canary, PIN: '12' }

let switchyard: Switchyard
let account: Account
let client: Client

const start = (secretsKey: string, more: Partial<Parameters<typeof startSwitchyard>[0]> = {}) =>
  startSwitchyard({ databaseUrl: database.url, redis: null, secretsKey, ...more })

const database = await useTestDatabase()
const sandbox = await useQuickSandbox()

beforeAll(async () => {
  switchyard = await start(oldKey)
  account = await openAccount(switchyard.api, sandbox)
  client = new Client({ connectionString: database.url })
  await client.connect()
})

afterAll(async () => {
  await client.end()
  await switchyard.stop()
})

const request = (more: object = {}) =>
  environmentRequest({ connectionId: account.connectionId, environmentVariables: { PLAIN: 'p' }, ...more })
const submit = (more: object = {}) => switchyard.api.ok('POST', '/environments', request({ secretVariables, ...more }))
const sealedOf = async ({ id }: ApiRecord): Promise<string> => {
  const { rows } = await client.query('SELECT sealed FROM workload_secrets WHERE workload_id = $1', [id])
  return rows[0]?.sealed
}
const sent = (name: string) =>
  sandbox
    .objects('dataforest')
    .map(({ creation }) => creation as { name: string; configuration?: { docker?: { env?: object } } })
    .find((creation) => creation.name === name)?.configuration?.docker?.env

describe('secret variables', () => {
  it('are sent to the provider and exposed only by name', async () => {
    const accepted = await submit()
    expect(accepted).toMatchObject({ secretVariableNames: ['DB_PHRASE', 'PIN'] })
    const path = `/environments/${accepted.id}`
    const running = await switchyard.api.untilStatus(path, 'running', 'failed')
    expect(running.status).toBe('running')
    expect(sent(running.name)).toEqual({ PLAIN: 'p', ...secretVariables })
    const shown = [accepted, running, await switchyard.api.ok('GET', `${path}/remote`)]
    shown.push(await switchyard.api.ok('GET', `${path}/events`), await switchyard.api.ok('GET', `${path}/attempts`))
    expect(JSON.stringify(shown)).not.toContain(canary)
    expect(JSON.stringify(shown[2])).toContain('[redacted]')
  })

  it('are encrypted per record in a separate table', async () => {
    const accepted = await submit()
    const sealed = await sealedOf(accepted)
    expect(makeSecretBox(oldKey).open(accepted.id, sealed)).toEqual(secretVariables)
    const { rows } = await client.query('SELECT w::text AS row FROM workloads w WHERE id = $1', [accepted.id])
    expect(rows[0].row).toContain('DB_PHRASE')
    expect(rows[0].row).not.toContain(canary)
  })

  it('are masked in a preview and not stored', async () => {
    const before = await client.query('SELECT count(*) FROM workload_secrets')
    const preview = await switchyard.api.ok('POST', '/environments/preview', request({ secretVariables }))
    expect(preview).toMatchObject({ problems: [], effectiveRequest: { secretVariableNames: ['DB_PHRASE', 'PIN'] } })
    expect(JSON.stringify(preview)).toContain('"DB_PHRASE":"[redacted]"')
    expect(JSON.stringify(preview)).not.toContain(canary)
    expect((await client.query('SELECT count(*) FROM workload_secrets')).rows).toEqual(before.rows)
  })

  it('with the name of a plain variable are rejected without their value', async () => {
    const { status, body } = await switchyard.api.call('POST', '/environments', {
      body: request({ secretVariables: { PLAIN: canary } }),
    })
    expect(status).toBe(422)
    expect(body).toMatchObject({ errors: [{ pointer: '/secretVariables/PLAIN', code: 'exclusive' }] })
    expect(JSON.stringify(body)).not.toContain(canary)
  })

  it('cannot be changed on an existing environment', async () => {
    const accepted = await submit()
    const { status, body } = await switchyard.api.call('PATCH', `/environments/${accepted.id}`, {
      body: { secretVariables: { DB_PHRASE: `${canary}-2` } },
    })
    expect(status).toBe(422)
    expect(body).toMatchObject({ code: 'unsupported', errors: [{ pointer: '/secretVariables' }] })
    expect(JSON.stringify(body)).not.toContain(canary)
  })

  it('are part of the idempotency fingerprint, which is not a plain hash', async () => {
    const headers = { 'idempotency-key': 'with-secrets' }
    const post = (body: object) => switchyard.api.call('POST', '/environments', { body, headers })
    const body = request({ secretVariables })
    const [first, repeated] = [await post(body), await post(body)]
    expect([first.status, repeated.status, repeated.headers.get('idempotency-replayed')]).toEqual([202, 202, 'true'])
    expect(repeated.body.id).toBe(first.body.id)
    const other = await post({ ...body, secretVariables: { ...secretVariables, PIN: '13' } })
    expect(other.body).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
    const { rows } = await client.query(
      "SELECT encode(fingerprint, 'hex') AS fingerprint FROM idempotency_keys WHERE workload_id = $1",
      [first.body.id],
    )
    const { fingerprintOf } = await import('../../../src/workloads/intake/admission.ts')
    expect(rows[0].fingerprint).not.toBe(fingerprintOf(body))
  })

  it.each([
    {
      source: 'a provider error',
      status: 400,
      makeBody: (sent: string) => ({ error: { errorCode: '100', message: sent } }),
    },
    { source: 'a gateway error page', status: 502, makeBody: (sent: string) => `<html>${sent}</html>` },
  ])('are redacted from $source that repeats them', async ({ status, makeBody }) => {
    const stub = await startStubServer()
    const repeated = (sent: string) => `no ${/"PIN":"12"/.exec(sent)?.[0]} nor ${new RegExp(canary).exec(sent)?.[0]}`
    stub.on('POST /api/v2/aiworkspaces/create', ({ body }) => ({ status, body: makeBody(repeated(body)) }))
    stub.on('POST /api/v2/aiworkspaces/checkAvailableName', () => ({ body: { success: true, availableName: true } }))
    const { id: connectionId } = await switchyard.api.ok('POST', '/connections', {
      name: `stub-${status}`,
      settings: { dataforest: { baseUrl: stub.url, accountId: '6COytUeFj7b8eOhq2L5zL' } },
      credentials: { dataforest: { accessKey: 'an-access-key', secretKey: 'a-secret-key' } },
    })
    const accepted = await submit({ connectionId })
    const path = `/environments/${accepted.id}`
    await stub.received(1)
    const workload = await switchyard.api.until(path, ({ statusMessage }) => statusMessage !== undefined)
    const shown = JSON.stringify([workload, await switchyard.api.ok('GET', `${path}/attempts`)])
    expect(shown).toContain('nor [redacted]')
    expect(shown).not.toContain(canary)
    await switchyard.api.ok('PATCH', `/connections/${connectionId}`, { held: true })
    await stub.close()
  })
})

function run(args: string[], env: Record<string, string>) {
  const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))
  return new Promise<{ code: number; output: string; error: string }>((resolve) => {
    execFile(process.execPath, ['--no-warnings', main, ...args], { env }, (failure, output, error) =>
      resolve({ code: Number(failure?.code ?? 0), output, error }),
    )
  })
}

describe('secrets key rotation', () => {
  it('re-encrypts all secrets while the service runs and makes the old key unnecessary', async () => {
    const before = await submit()
    const held = await submit({ name: 'kept-for-later' })
    const receiver = await startStubServer()
    receiver.on('POST /hook', { status: 204 })
    const endpoint = await switchyard.api.ok('POST', '/webhook-endpoints', {
      ...{ url: `${receiver.url}/hook`, eventTypes: ['job.duplicate_detected'] },
    })
    await switchyard.api.ok('POST', '/connections', {
      name: 'with a network',
      settings: { dataforest: { baseUrl: 'https://api.example.com', accountId: '6COytUeFj7b8eOhq2L5zL' } },
      credentials: { dataforest: { accessKey: 'a', secretKey: 'b' } },
      network: { proxy: { url: 'https://proxy.example.com', password: 'proxy-password' } },
    })
    await switchyard.stop()
    switchyard = await start(`${oldKey},${newKey}`)
    const progress: number[] = []
    const open = makeDatabase({ url: database.url, poolSize: 1 })
    const rotation = reseal(open, { secretsKeys: `${newKey},${oldKey}`, by }, ({ count }) => progress.push(count))
    const concurrent = await submit()
    const first = await rotation
    expect(first.map(({ table, unopenable, isComplete }) => ({ table, unopenable, isComplete }))).toEqual([
      { table: 'connections', unopenable: [], isComplete: true },
      { table: 'connection_networks', unopenable: [], isComplete: true },
      { table: 'workload_secrets', unopenable: [], isComplete: true },
      { table: 'webhook_endpoints', unopenable: [], isComplete: true },
    ])
    expect(first.map(({ count }) => count > 0)).toEqual([true, true, true, true])
    expect(progress.length).toBeGreaterThan(0)
    const { data } = await switchyard.api.ok('GET', '/audit?action=secrets.rotated')
    expect(data).toContainEqual(
      expect.objectContaining({ subject: by.subject, data: { table: 'connections', count: expect.any(Number) } }),
    )
    await switchyard.stop()
    await reseal(open, { secretsKeys: `${newKey},${oldKey}`, by }, () => {})
    expect(
      (await reseal(open, { secretsKeys: `${newKey},${oldKey}`, by }, () => {})).map(({ count }) => count),
    ).toEqual([0, 0, 0, 0])
    await open.close()

    switchyard = await start(newKey)
    for (const { id } of [before, held, concurrent]) {
      const box = makeSecretBox(newKey)
      expect(box.open(id, await sealedOf({ id } as ApiRecord))).toEqual(secretVariables)
    }
    expect(await switchyard.api.ok('POST', `/connections/${account.connectionId}/verify`)).toEqual({ ok: true })
    const after = await submit()
    expect((await switchyard.api.untilStatus(`/environments/${after.id}`, 'running', 'failed')).status).toBe('running')
    await switchyard.api.ok('POST', `/webhook-endpoints/${endpoint.id}/test`)
    await receiver.received(1)
    const [{ body, headers } = { body: '', headers: {} }] = receiver.requests
    const receivedBy = new Webhook(String(endpoint.secret))
    expect(receivedBy.verify(body, headers as Record<string, string>)).toMatchObject({ type: 'webhook.test' })
    await receiver.close()
  })

  it.each([
    { makeKeys: () => `${newKey},${oldKey}`, code: 0, output: /^ok {2}connections: \d re-encrypted$/m },
    {
      makeKeys: key,
      code: 1,
      output: /^✗ {3}connections: 0 re-encrypted\n {6}conn_\w+ {2}not decryptable with any key of SECRETS_KEY/m,
    },
  ])('command exits $code', async ({ makeKeys, code, output }) => {
    const secretsKey = makeKeys()
    const result = await run(['secrets', 'rotate'], { DATABASE_URL: database.url, SECRETS_KEY: secretsKey })
    expect({ code: result.code, error: result.error }).toEqual({ code, error: '' })
    expect(result.output).toMatch(output)
    expect(result.output).not.toContain(secretsKey)
  })

  it('reports secrets that no key decrypts and does not change them', async () => {
    const open = makeDatabase({ url: database.url, poolSize: 1 })
    const [connections] = await reseal(open, { secretsKeys: key(), by }, () => {})
    expect(connections?.count).toBe(0)
    expect(connections?.unopenable).toContain(account.connectionId)
    await open.close()
    expect(await switchyard.api.ok('POST', `/connections/${account.connectionId}/verify`)).toEqual({ ok: true })
  })

  it('without the original key blocks dispatch and reports the missing key', async () => {
    const accepted = await submit()
    await switchyard.api.untilStatus(`/environments/${accepted.id}`, 'running', 'failed')
    await switchyard.api.ok('PATCH', `/connections/${account.connectionId}`, { held: true })
    const waiting = await submit()
    await switchyard.stop()
    const other = makeSecretBox(key())
    await client.query('UPDATE workload_secrets SET sealed = $2 WHERE workload_id = $1', [
      waiting.id,
      other.seal(waiting.id, secretVariables),
    ])
    switchyard = await start(newKey)
    await switchyard.api.ok('PATCH', `/connections/${account.connectionId}`, { held: false })
    const path = `/environments/${waiting.id}`
    const workload = await switchyard.api.until(
      path,
      ({ statusMessage }) => statusMessage?.includes('SECRETS_KEY') === true,
    )
    expect(workload.status).toBe('queued')
    expect(sent(waiting.name)).toBe(undefined)
    expect(await switchyard.api.ok('GET', `${path}/attempts`)).toMatchObject({ data: [] })
  })
})
