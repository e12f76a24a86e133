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

interface Attempt {
  outcome: string
  remoteId?: string
}

describeOnEachQueueBackend('a job with a failed create call', ({ openRedis }) => {
  let switchyard: Switchyard

  beforeAll(async () => {
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: openRedis() })
  })

  afterAll(() => switchyard.stop())

  const path = ({ id }: ApiRecord) => `/jobs/${id}`
  const untilEnded = (job: ApiRecord) =>
    switchyard.api.untilStatus(path(job), 'succeeded', 'failed', 'canceled', 'unknown')
  const outcomes = async (job: ApiRecord): Promise<string[]> => {
    const { data } = (await switchyard.api.ok('GET', `${path(job)}/attempts`)) as unknown as { data: Attempt[] }
    return data.map(({ outcome }) => outcome)
  }

  /** All states of a job, including those that a read of the job may miss. */
  const changes = async (job: ApiRecord) => {
    const { data } = (await switchyard.api.ok('GET', `${path(job)}/events`)) as unknown as {
      data: { data: { status: string; reason?: string } }[]
    }
    return data.map(({ data: { status, reason } }) => ({ status, reason }))
  }

  /** Creates a separate environment and a job whose create calls meet the fault. */
  async function submitWithFault(fault: Omit<FaultInput, 'operation' | 'object'>, script?: string, more?: object) {
    const account = await openAccount(switchyard.api, sandbox)
    const environment = await account.environment()
    const object = environment.remote?.id ?? ''
    const added = sandbox.faults.add({ ...fault, operation: 'aiapps.submit', object })
    const job = await account.job(environment, script, more)
    const faultFired = () => untilFired(sandbox, added)
    return { account, environment, job, faultFired, repair: () => sandbox.faults.clear(added.id) }
  }

  /** The job succeeds with exactly one remote object. */
  async function expectOneObject(account: Account, environment: ApiRecord, job: ApiRecord): Promise<void> {
    const finished = await untilEnded(job)
    expect(finished.status).toBe('succeeded')
    expect(account.apps(environment).map(({ id }) => id)).toEqual([finished.remote?.id])
  }

  it.concurrent.for<[string, Omit<FaultInput, 'operation' | 'object'>]>([
    ['a lost response', { kind: 'drop_answer', times: 1 }],
    ['a 500 response', { kind: 'error_after', times: 1 }],
    ['a 503 response', { kind: 'error_after', status: 503, times: 1 }],
    ['an HTML error page of a proxy', { kind: 'html_body', times: 1 }],
    ['an HTML page with status 200', { kind: 'html_body', status: 200, times: 1 }],
    ['a truncated response', { kind: 'truncated_json', times: 1 }],
    ['an empty response', { kind: 'empty_body', times: 1 }],
    ['a response after the timeout', { kind: 'stall', delayMs: 3 * callTimeoutMs, times: 1 }],
  ])('is adopted instead of created again after %s', async ([, fault]) => {
    const { account, environment, job } = await submitWithFault(fault)
    await expectOneObject(account, environment, job)
    expect(await outcomes(job)).toEqual(['recovered'])
  })

  it.concurrent('is recovered by the name prefix of the client without a correlation tag', async () => {
    const more = { providerOptions: { dataforest: { namePrefix: 'chosen' } } }
    const { account, environment, job } = await submitWithFault({ kind: 'drop_answer', times: 1 }, undefined, more)
    await expectOneObject(account, environment, job)
    expect(await outcomes(job)).toEqual(['recovered'])
  })

  it.concurrent('is recovered if the provider executes the create after the timeout', async () => {
    // Late enough for a first search that finds nothing, early enough for a busy machine.
    const delayMs = Math.round(sendWithinMs / 6)
    const { account, environment, job } = await submitWithFault({
      kind: 'execute_late',
      delayMs,
      hangsUp: true,
      times: 1,
    })
    await expectOneObject(account, environment, job)
    expect(await outcomes(job)).toEqual(['recovered'])
  })

  it.concurrent('is recovered despite list consistency lag', async () => {
    const lag = sandbox.faults.add({ kind: 'list_lag', operation: 'aiapps.getList', lagMs: 700, times: 20 })
    const { account, environment, job } = await submitWithFault({ kind: 'drop_answer', times: 1 }, 'sleep 1')
    await expectOneObject(account, environment, job)
    expect(await outcomes(job)).toEqual(['recovered'])
    sandbox.faults.clear(lag.id)
  })

  it.concurrent.for<[string, Omit<FaultInput, 'operation' | 'object'>]>([
    ['a 500', { kind: 'error_before', times: 1 }],
    ['a reset connection', { kind: 'reset', times: 1 }],
    ['a 504', { kind: 'error_before', status: 504, times: 1 }],
  ])('is created again once absence is conclusive after %s', async ([, fault]) => {
    const { account, environment, job } = await submitWithFault(fault)
    await expectOneObject(account, environment, job)
    expect(await changes(job)).toContainEqual({ status: 'dispatching', reason: 'outcome_unknown' })
    expect(await outcomes(job)).toEqual(['not_created', 'created'])
    const { data } = (await switchyard.api.ok('GET', `${path(job)}/attempts`)) as unknown as {
      data: { startedAt: string }[]
    }
    const [first, second] = data.map(({ startedAt }) => Date.parse(startedAt))
    // Not before the send deadline and the call timeout have passed.
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(callTimeoutMs + sendWithinMs)
  })

  it.concurrent('waits with reason rate_limited and continues automatically', async () => {
    const { account, environment, job, repair } = await submitWithFault({ kind: 'rate_limited' })
    const waiting = await switchyard.api.until(path(job), ({ statusReason }) => statusReason === 'rate_limited')
    expect(waiting).toMatchObject({ status: 'queued', nextAttemptAt: expect.any(String) })
    repair()
    await expectOneObject(account, environment, job)
    const [last, ...earlier] = (await outcomes(job)).reverse()
    expect([last, ...new Set(earlier)]).toEqual(['created', 'rejected'])
  })

  it.concurrent('waits with reason credentials_rejected and continues after a verification', async () => {
    const { account, environment, job, repair } = await submitWithFault({ kind: 'credentials', reason: 'expired' })
    const waiting = await switchyard.api.until(path(job), ({ statusReason }) => statusReason === 'credentials_rejected')
    expect(waiting.status).toBe('queued')
    repair()
    const response = await switchyard.api.ok('POST', `/connections/${account.connectionId}/verify`)
    expect(response).toMatchObject({ ok: true })
    await expectOneObject(account, environment, job)
  })

  it.concurrent('ends as failed if its environment was removed at the provider', async () => {
    const account = await openAccount(switchyard.api, sandbox)
    const environment = await account.environment()
    sandbox.remove('dataforest', environment.remote?.id ?? '')
    const job = await account.job(environment)
    const finished = await untilEnded(job)
    expect(finished.status).toBe('failed')
    expect(['provider_refused', 'environment_failed']).toContain(finished.statusReason)
    expect(account.apps(environment)).toEqual([])
  })

  it.concurrent('is canceled during an unknown outcome, whether it was created or not', async () => {
    const created = await submitWithFault({ kind: 'drop_answer', times: 1 }, 'sleep 600')
    const notCreated = await submitWithFault({ kind: 'error_before' }, 'sleep 600')
    await switchyard.api.until(path(notCreated.job), ({ statusReason }) => statusReason === 'outcome_unknown')
    for (const { job } of [created, notCreated]) await switchyard.api.ok('POST', `${path(job)}/cancel`)
    for (const { job } of [created, notCreated]) expect((await untilEnded(job)).status).toBe('canceled')
    expect(created.account.apps(created.environment).map(({ state }) => state)).toEqual(['KILLED'])
    expect(notCreated.account.apps(notCreated.environment)).toEqual([])
    expect(new Set(await outcomes(notCreated.job))).toEqual(new Set(['not_created']))
    notCreated.repair()
  })

  it.concurrent('is killed after its creation if it is canceled during the create call', async () => {
    const delayMs = callTimeoutMs / 2
    const { account, environment, job, faultFired } = await submitWithFault(
      { kind: 'stall', delayMs, times: 1 },
      'sleep 600',
    )
    await faultFired()
    await switchyard.api.ok('POST', `${path(job)}/cancel`)
    expect((await untilEnded(job)).status).toBe('canceled')
    expect(account.apps(environment).map(({ state }) => state)).toEqual(['KILLED'])
    expect(await outcomes(job)).toEqual(['created'])
  })

  it.concurrent('is not delayed by an unreachable provider of another connection', async () => {
    const account = await openAccount(switchyard.api, sandbox)
    const environment = await account.environment()
    const unreachableAccount = await openAccount(switchyard.api, {
      ...sandbox,
      urls: { dataforest: `http://127.0.0.1:${await freePort()}` },
    })
    const body = {
      connectionId: unreachableAccount.connectionId,
      name: 'unreachable',
      image: 'tensorflow:r2.3.1-py3',
      command: ['ls'],
    }
    const unreachable = await switchyard.api.ok('POST', '/environments', body)
    const waiting = await switchyard.api.until(
      `/environments/${unreachable.id}`,
      ({ statusReason }) => statusReason === 'provider_unavailable',
    )
    expect(waiting).toMatchObject({ status: 'queued', nextAttemptAt: expect.any(String) })
    await expectOneObject(account, environment, await account.job(environment))
    await switchyard.api.ok('DELETE', `/environments/${unreachable.id}`)
    await switchyard.api.untilStatus(`/environments/${unreachable.id}`, 'deleted')
  })
})
