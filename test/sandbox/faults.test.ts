import { beforeEach, describe, expect, it } from 'vitest'
import type { FaultInput } from '../../src/sandbox/faults.ts'
import { forEachTest } from '../support/for-each-test.ts'
import { untilFired } from '../support/until-fired.ts'
import { startDataforest } from './dataforest-sandbox.ts'
import { appExample, post, sign, workspaceExample } from './ncp-client.ts'

const forest = forEachTest(startDataforest, ({ sandbox }) => sandbox.close())
let workspaceId: string
beforeEach(async () => {
  workspaceId = await forest.makeWorkspace()
})

const accountSearch = { search: { accountId: workspaceExample.accountId } }
const submit = () => forest.call('aiapps/submit', appExample(workspaceId))
const onSubmit = (fault: FaultInput) => forest.sandbox.faults.add({ operation: 'aiapps.submit', times: 1, ...fault })

/** The code of the error a call ends with, when it ends without an answer. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'answered',
    (error: { code?: string }) => error.code ?? 'no code',
  )
}

describe('faults that leave the client without an answer', () => {
  it('drops the answer of a submit that was executed', async () => {
    onSubmit({ kind: 'drop_answer' })
    expect(await codeOf(submit())).toMatch(/UND_ERR_SOCKET|ECONNRESET/)
    expect(await forest.appIds()).toHaveLength(1)
  })

  it('resets the connection before anything is executed', async () => {
    onSubmit({ kind: 'reset' })
    expect(await codeOf(submit())).toMatch(/UND_ERR_SOCKET|ECONNRESET/)
    expect(await forest.appIds()).toEqual([])
  })

  it('executes after the sandbox has hung up', async () => {
    onSubmit({ kind: 'execute_late', delayMs: 200, hangsUp: true })
    expect(await codeOf(submit())).toMatch(/UND_ERR_SOCKET|ECONNRESET/)
    expect(await forest.appIds()).toEqual([])
    await expect.poll(() => forest.appIds(), { interval: 10 }).toHaveLength(1)
  })

  it('executes after the client has given up', async () => {
    const fault = onSubmit({ kind: 'execute_late', minDelayMs: 400, delayMs: 440 })
    const { url, accessKey } = forest.caller
    const target = '/api/v2/aiapps/submit'
    const timestamp = String(forest.time.ms)
    // Given up once it has arrived: a client that gives up by the clock may not have sent it yet.
    const given = new AbortController()
    const attempt = fetch(url + target, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-ncp-apigw-timestamp': timestamp,
        'x-ncp-iam-access-key': accessKey,
        'x-ncp-apigw-signature-v2': sign(forest.caller, { method: 'POST', target, timestamp }),
      },
      body: JSON.stringify(appExample(workspaceId)),
      signal: given.signal,
    })
    const refused = expect(attempt).rejects.toThrow('aborted')
    await untilFired(forest.sandbox, fault)
    given.abort()
    await refused
    expect(await forest.appIds()).toEqual([])
    await expect.poll(() => forest.appIds(), { interval: 10, timeout: 30_000 }).toHaveLength(1)
  })

  it('drops what was to be executed late when it is closed', async () => {
    onSubmit({ kind: 'execute_late', delayMs: 20, hangsUp: true })
    await codeOf(submit())
    await forest.sandbox.close()
    const { resolve, promise } = Promise.withResolvers<void>()
    setTimeout(resolve, 40)
    await promise
    expect(forest.sandbox.objects('dataforest').filter(({ kind }) => kind === 'aiapp')).toEqual([])
  })
})

describe('faults in the answer', () => {
  it('stalls for a while after executing', async () => {
    onSubmit({ kind: 'stall', delayMs: 300 })
    const startedAt = performance.now()
    const pending = submit()
    await expect.poll(() => forest.appIds(), { interval: 5, timeout: 250 }).toHaveLength(1)
    expect((await pending).status).toBe(200)
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(295)
  })

  it.each([
    ['error_before' as const, 0],
    ['error_after' as const, 1],
  ])('%s leaves %i objects behind', async (kind, count) => {
    onSubmit({ kind })
    expect(await submit()).toMatchObject({ status: 500, json: { message: 'unexpected error', success: false } })
    expect(await forest.appIds()).toHaveLength(count)
  })

  it('returns 503 and 504 with the envelope of the gateway', async () => {
    onSubmit({ kind: 'error_before', status: 503 })
    expect(await submit()).toMatchObject({ status: 503, json: { error: { errorCode: '500' } } })
    onSubmit({ kind: 'error_after', status: 504 })
    expect(await submit()).toMatchObject({ status: 504, json: { error: { errorCode: '510' } } })
  })

  it('refuses a burst of calls and then serves again', async () => {
    onSubmit({ kind: 'rate_limited', times: 2 })
    const statuses = [await submit(), await submit(), await submit()].map(({ status }) => status)
    expect(statuses).toEqual([429, 429, 200])
  })

  it.each([
    [{ reason: 'expired' as const }, '200'],
    [{}, '200'],
    [{ reason: 'forbidden' as const }, '210'],
  ])('refuses good credentials %j with errorCode %s', async (fault, errorCode) => {
    onSubmit({ kind: 'credentials', ...fault })
    expect(await submit()).toMatchObject({ status: 401, json: { error: { errorCode } } })
    expect(await forest.appIds()).toEqual([])
  })

  it('puts an HTML page in place of the answer', async () => {
    onSubmit({ kind: 'html_body' })
    const reply = await submit()
    expect(reply).toMatchObject({ status: 502, type: 'text/html', json: undefined })
    expect(await forest.appIds()).toHaveLength(1)
  })

  it('cuts the JSON in the middle', async () => {
    onSubmit({ kind: 'truncated_json' })
    const reply = await submit()
    expect(reply).toMatchObject({ status: 200, json: undefined })
    expect(reply.text).toMatch(/^\{"success":true/)
  })

  it('leaves the body out', async () => {
    onSubmit({ kind: 'empty_body' })
    expect(await submit()).toMatchObject({ status: 200, text: '' })
    expect(await forest.appIds()).toHaveLength(1)
  })

  it('leaves the body out without executing if configured', async () => {
    onSubmit({ kind: 'empty_body', executes: false, status: 200 })
    expect(await submit()).toMatchObject({ status: 200, text: '' })
    expect(await forest.appIds()).toEqual([])
  })

  it('returns 200 with an error body', async () => {
    onSubmit({ kind: 'error_body' })
    expect(await submit()).toMatchObject({ status: 200, json: { success: false } })
    expect(await forest.appIds()).toEqual([])
  })
})

describe('faults that colour a call', () => {
  it('empties lists and leaves reads by id alone', async () => {
    const id = await forest.submit(workspaceId)
    forest.sandbox.faults.add({ kind: 'empty_list', operation: 'aiapps.*' })
    expect(await forest.appIds()).toEqual([])
    expect((await forest.detail(id)).success).toBe(true)
    const workspaces = await forest.call('aiworkspaces/getList', accountSearch)
    expect(workspaces.json.contents).toHaveLength(1)
  })

  it('keeps new objects out of lists', async () => {
    await forest.submit(workspaceId)
    forest.sandbox.faults.add({ kind: 'list_lag', lagMs: 500 })
    expect(await forest.appIds()).toEqual([])
    forest.time.ms += 500
    expect(await forest.appIds()).toHaveLength(1)
  })

  it("shifts the provider's clock", async () => {
    forest.sandbox.faults.add({ kind: 'clock_offset', offsetMs: 300_000 })
    expect((await submit()).status).toBe(401)
    const fast = { ...forest.caller, now: () => forest.time.ms + 300_000 }
    expect((await post(fast, '/api/v2/aiapps/submit', appExample(workspaceId))).status).toBe(200)
  })
})

describe('the aim of a fault', () => {
  it('strikes one object only', async () => {
    const [first, second] = [await forest.submit(workspaceId), await forest.submit(workspaceId)]
    forest.sandbox.faults.add({ kind: 'error_before', object: first })
    expect((await forest.call('aiapps/getDetail', { id: first })).status).toBe(500)
    expect((await forest.call('aiapps/getDetail', { id: second })).status).toBe(200)
  })

  it('spares other providers', async () => {
    forest.sandbox.faults.add({ kind: 'reset', provider: 'another' })
    expect((await submit()).status).toBe(200)
  })

  it('skips, counts and reports', async () => {
    const fault = onSubmit({ kind: 'rate_limited', skip: 1, times: 1 })
    const statuses = [await submit(), await submit(), await submit()].map(({ status }) => status)
    expect(statuses).toEqual([200, 429, 200])
    expect(forest.sandbox.faults.fired).toEqual([
      {
        fault: fault.id,
        kind: 'rate_limited',
        provider: 'dataforest',
        operation: 'aiapps.submit',
        subjects: ['train', workspaceId],
        at: forest.time.ms,
      },
    ])
  })

  it('strikes by chance, the same way for the same seed', async () => {
    const strikes = async () => {
      const other = await startDataforest({ seed: 'chance' })
      other.sandbox.faults.add({ kind: 'rate_limited', probability: 0.5 })
      const statuses = []
      for (let call = 0; call < 20; call += 1) statuses.push((await other.call('aiapps/getList', accountSearch)).status)
      await other.sandbox.close()
      return statuses
    }
    const statuses = await strikes()
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
    expect(await strikes()).toEqual(statuses)
  })

  it('ends when it is cleared', async () => {
    const fault = forest.sandbox.faults.add({ kind: 'rate_limited' })
    expect((await submit()).status).toBe(429)
    forest.sandbox.faults.clear(fault.id)
    expect((await submit()).status).toBe(200)
  })
})
