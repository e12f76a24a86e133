import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import type { FaultInput } from '../../src/sandbox/faults.ts'
import { type Account, openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { freePort } from '../support/free-ports.ts'
import { describeOnEachQueueBackend } from '../support/queue-backends.ts'
import { quickSettings, type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'
import { untilFired } from '../support/until-fired.ts'

const { callTimeoutMs, sendWithinMs } = quickSettings.timing

const database = await useTestDatabase()
const sandbox = await useQuickSandbox()

interface LedgerEntry {
  outcome: string
  remoteId?: string
}

describeOnEachQueueBackend('a job whose submit goes wrong', ({ openRedis }) => {
  let switchyard: Switchyard

  beforeAll(async () => {
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: openRedis() })
  })

  afterAll(() => switchyard.stop())

  const path = ({ id }: ApiRecord) => `/jobs/${id}`
  const ended = (job: ApiRecord) => switchyard.api.untilStatus(path(job), 'succeeded', 'failed', 'canceled', 'unknown')
  const outcomes = async (job: ApiRecord): Promise<string[]> => {
    const { data } = (await switchyard.api.ok('GET', `${path(job)}/attempts`)) as unknown as { data: LedgerEntry[] }
    return data.map(({ outcome }) => outcome)
  }

  /** An environment of the test's own, and a job whose submits meet `fault`. */
  async function submitInto(fault: Omit<FaultInput, 'operation' | 'object'>, script?: string, more?: object) {
    const account = await openAccount(switchyard.api, sandbox)
    const environment = await account.environment()
    const object = environment.remote?.id ?? ''
    const added = sandbox.faults.add({ ...fault, operation: 'aiapps.submit', object })
    const job = await account.job(environment, script, more)
    const struck = () => untilFired(sandbox, added)
    return { account, environment, job, struck, repair: () => sandbox.faults.clear(added.id) }
  }

  /** The end, with exactly one object behind it: nothing lost, nothing twice. */
  async function expectOne(account: Account, environment: ApiRecord, job: ApiRecord): Promise<void> {
    const over = await ended(job)
    expect(over.status).toBe('succeeded')
    expect(account.apps(environment).map(({ id }) => id)).toEqual([over.remote?.id])
  }

  it.concurrent.for<[string, Omit<FaultInput, 'operation' | 'object'>]>([
    ['the answer is lost', { kind: 'drop_answer', times: 1 }],
    ['the answer is a 500', { kind: 'error_after', times: 1 }],
    ['the answer is a 503', { kind: 'error_after', status: 503, times: 1 }],
    ['the answer is a proxy’s HTML page', { kind: 'html_body', times: 1 }],
    ['the answer is an HTML page with status 200', { kind: 'html_body', status: 200, times: 1 }],
    ['the answer breaks off', { kind: 'truncated_json', times: 1 }],
    ['the answer is empty', { kind: 'empty_body', times: 1 }],
    ['the answer comes too late', { kind: 'stall', delayMs: 3 * callTimeoutMs, times: 1 }],
  ])('is found and adopted, not sent again, when it was executed and %s', async ([, fault]) => {
    const { account, environment, job } = await submitInto(fault)
    await expectOne(account, environment, job)
    expect(await outcomes(job)).toEqual(['recovered'])
  })

  it.concurrent('is found without a correlation tag, by the prefix that its client chose', async () => {
    const more = { providerOptions: { dataforest: { namePrefix: 'chosen' } } }
    const { account, environment, job } = await submitInto({ kind: 'drop_answer', times: 1 }, undefined, more)
    await expectOne(account, environment, job)
    expect(await outcomes(job)).toEqual(['recovered'])
  })

  it.concurrent('is found when it is executed only after the client gave up', async () => {
    const delayMs = Math.round(sendWithinMs / 2)
    const { account, environment, job } = await submitInto({ kind: 'execute_late', delayMs, hangsUp: true, times: 1 })
    await expectOne(account, environment, job)
    expect(await outcomes(job)).toEqual(['recovered'])
  })

  it.concurrent('is found although the list shows new objects late', async () => {
    const lag = sandbox.faults.add({ kind: 'list_lag', operation: 'aiapps.getList', lagMs: 700, times: 20 })
    const { account, environment, job } = await submitInto({ kind: 'drop_answer', times: 1 }, 'sleep 1')
    await expectOne(account, environment, job)
    expect(await outcomes(job)).toEqual(['recovered'])
    sandbox.faults.clear(lag.id)
  })

  it.concurrent.for<[string, Omit<FaultInput, 'operation' | 'object'>]>([
    ['a 500', { kind: 'error_before', times: 1 }],
    ['a reset connection', { kind: 'reset', times: 1 }],
    ['a 504', { kind: 'error_before', status: 504, times: 1 }],
  ])('is sent again once it is sure that nothing came of %s', async ([, fault]) => {
    const { account, environment, job } = await submitInto(fault)
    const doubtful = await switchyard.api.until(path(job), ({ statusReason }) => statusReason === 'outcome_unknown')
    expect(doubtful.status).toBe('dispatching')
    await expectOne(account, environment, job)
    expect(await outcomes(job)).toEqual(['not_created', 'created'])
    const { data } = (await switchyard.api.ok('GET', `${path(job)}/attempts`)) as unknown as {
      data: { startedAt: string }[]
    }
    const [first, second] = data.map(({ startedAt }) => Date.parse(startedAt))
    // Not before the last byte could have left and been executed.
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(callTimeoutMs + sendWithinMs)
  })

  it.concurrent('waits, visibly, while the provider asks to slow down, and goes on by itself', async () => {
    const { account, environment, job } = await submitInto({ kind: 'rate_limited', times: 1 })
    const waiting = await switchyard.api.until(path(job), ({ statusReason }) => statusReason === 'rate_limited')
    expect(waiting).toMatchObject({ status: 'queued', nextAttemptAt: expect.any(String) })
    await expectOne(account, environment, job)
    expect(await outcomes(job)).toEqual(['rejected', 'created'])
  })

  it.concurrent('waits for credentials that are taken again, and goes on by itself', async () => {
    const { account, environment, job, repair } = await submitInto({ kind: 'credentials', reason: 'expired' })
    const waiting = await switchyard.api.until(path(job), ({ statusReason }) => statusReason === 'credentials_rejected')
    expect(waiting.status).toBe('queued')
    repair()
    const answer = await switchyard.api.ok('POST', `/connections/${account.connectionId}/verify`)
    expect(answer).toMatchObject({ ok: true })
    await expectOne(account, environment, job)
  })

  it.concurrent('fails with the words of a provider that refuses it', async () => {
    const account = await openAccount(switchyard.api, sandbox)
    const environment = await account.environment()
    sandbox.remove('dataforest', environment.remote?.id ?? '')
    const job = await account.job(environment)
    const over = await ended(job)
    expect(over.status).toBe('failed')
    expect(['provider_refused', 'environment_failed']).toContain(over.statusReason)
    expect(account.apps(environment)).toEqual([])
  })

  it.concurrent('canceled in doubt, is canceled whether it was made or not', async () => {
    const made = await submitInto({ kind: 'drop_answer', times: 1 }, 'sleep 600')
    const notMade = await submitInto({ kind: 'error_before', times: 1 }, 'sleep 600')
    await switchyard.api.until(path(notMade.job), ({ statusReason }) => statusReason === 'outcome_unknown')
    for (const { job } of [made, notMade]) await switchyard.api.ok('POST', `${path(job)}/cancel`)
    for (const { job } of [made, notMade]) expect((await ended(job)).status).toBe('canceled')
    expect(made.account.apps(made.environment).map(({ state }) => state)).toEqual(['KILLED'])
    expect(notMade.account.apps(notMade.environment)).toEqual([])
    expect(await outcomes(notMade.job)).toEqual(['not_created'])
  })

  it.concurrent('canceled while it is being sent, is killed as soon as it is there', async () => {
    const delayMs = callTimeoutMs / 2
    const { account, environment, job, struck } = await submitInto({ kind: 'stall', delayMs, times: 1 }, 'sleep 600')
    await struck()
    await switchyard.api.ok('POST', `${path(job)}/cancel`)
    expect((await ended(job)).status).toBe('canceled')
    expect(account.apps(environment).map(({ state }) => state)).toEqual(['KILLED'])
    expect(await outcomes(job)).toEqual(['created'])
  })

  it.concurrent('waits while nobody listens at the provider, and ends once somebody does', async () => {
    const account = await openAccount(switchyard.api, sandbox)
    const environment = await account.environment()
    const away = await openAccount(switchyard.api, {
      ...sandbox,
      urls: { dataforest: `http://127.0.0.1:${await freePort()}` },
    })
    const body = {
      connectionId: away.connectionId,
      name: 'nobody-home',
      image: 'tensorflow:r2.3.1-py3',
      command: ['ls'],
    }
    const unreachable = await switchyard.api.ok('POST', '/environments', body)
    const waiting = await switchyard.api.until(
      `/environments/${unreachable.id}`,
      ({ statusReason }) => statusReason === 'provider_unavailable',
    )
    expect(waiting).toMatchObject({ status: 'queued', nextAttemptAt: expect.any(String) })
    await expectOne(account, environment, await account.job(environment))
    await switchyard.api.ok('DELETE', `/environments/${unreachable.id}`)
    await switchyard.api.untilStatus(`/environments/${unreachable.id}`, 'deleted')
  })
})
