import { beforeEach, describe, expect, it } from 'vitest'
import type { FaultInput } from '../../src/sandbox/faults.ts'
import { forEachTest } from '../support/for-each-test.ts'
import { untilFired } from '../support/until-fired.ts'
import { startDataforest } from './dataforest-sandbox.ts'
import { appExample, post, sign, workspaceExample } from './ncp-client.ts'

const forest = forEachTest(startDataforest, ({ sandbox }) => sandbox.close())
let workspaceId: string
beforeEach(async () => {
  workspaceId = await forest.createWorkspace()
})

const accountSearch = { search: { accountId: workspaceExample.accountId } }
const submit = () => forest.call('aiapps/submit', appExample(workspaceId))
const addSubmitFault = (fault: FaultInput) =>
  forest.sandbox.faults.add({ operation: 'aiapps.submit', times: 1, ...fault })

/** The error code of a call that receives no response. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'completed',
    (error: { code?: string }) => error.code ?? 'no code',
  )
}

describe('sandbox fault without a response', () => {
  it('drop_answer drops the response to an executed submit', async () => {
    addSubmitFault({ kind: 'drop_answer' })
    expect(await codeOf(submit())).toMatch(/UND_ERR_SOCKET|ECONNRESET/)
    expect(await forest.appIds()).toHaveLength(1)
  })

  it('reset closes the connection before execution', async () => {
    addSubmitFault({ kind: 'reset' })
    expect(await codeOf(submit())).toMatch(/UND_ERR_SOCKET|ECONNRESET/)
    expect(await forest.appIds()).toEqual([])
  })

  it('execute_late executes after the sandbox closes the connection', async () => {
    addSubmitFault({ kind: 'execute_late', delayMs: 200, hangsUp: true })
    expect(await codeOf(submit())).toMatch(/UND_ERR_SOCKET|ECONNRESET/)
    expect(await forest.appIds()).toEqual([])
    await expect.poll(() => forest.appIds(), { interval: 10 }).toHaveLength(1)
  })

  it('execute_late executes after the client aborts', async () => {
    const fault = addSubmitFault({ kind: 'execute_late', minDelayMs: 400, delayMs: 440 })
    const { url, accessKey } = forest.caller
    const target = '/api/v2/aiapps/submit'
    const timestamp = String(forest.time.ms)
    // Abort after arrival: a client with a timeout may abort before it has sent the request.
    const caller = new AbortController()
    const attempt = fetch(url + target, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-ncp-apigw-timestamp': timestamp,
        'x-ncp-iam-access-key': accessKey,
        'x-ncp-apigw-signature-v2': sign(forest.caller, { method: 'POST', target, timestamp }),
      },
      body: JSON.stringify(appExample(workspaceId)),
      signal: caller.signal,
    })
    const aborted = expect(attempt).rejects.toThrow('aborted')
    await untilFired(forest.sandbox, fault)
    caller.abort()
    await aborted
    expect(await forest.appIds()).toEqual([])
    await expect.poll(() => forest.appIds(), { interval: 10, timeout: 30_000 }).toHaveLength(1)
  })

  it('execute_late executes nothing after the sandbox is closed', async () => {
    addSubmitFault({ kind: 'execute_late', delayMs: 20, hangsUp: true })
    await codeOf(submit())
    await forest.sandbox.close()
    const { resolve, promise } = Promise.withResolvers<void>()
    setTimeout(resolve, 40)
    await promise
    expect(forest.sandbox.objects('dataforest').filter(({ kind }) => kind === 'aiapp')).toEqual([])
  })
})

describe('sandbox fault in the response', () => {
  it('stall delays the response after execution', async () => {
    addSubmitFault({ kind: 'stall', delayMs: 300 })
    const startedAt = performance.now()
    const pending = submit()
    await expect.poll(() => forest.appIds(), { interval: 5, timeout: 250 }).toHaveLength(1)
    expect((await pending).status).toBe(200)
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(295)
  })

  it.each([
    ['error_before' as const, 0],
    ['error_after' as const, 1],
  ])('%s leaves %i objects', async (kind, count) => {
    addSubmitFault({ kind })
    expect(await submit()).toMatchObject({ status: 500, json: { message: 'unexpected error', success: false } })
    expect(await forest.appIds()).toHaveLength(count)
  })

  it('error_before and error_after return 503 and 504 in the format of the gateway', async () => {
    addSubmitFault({ kind: 'error_before', status: 503 })
    expect(await submit()).toMatchObject({ status: 503, json: { error: { errorCode: '500' } } })
    addSubmitFault({ kind: 'error_after', status: 504 })
    expect(await submit()).toMatchObject({ status: 504, json: { error: { errorCode: '510' } } })
  })

  it('rate_limited rejects a number of calls, then none', async () => {
    addSubmitFault({ kind: 'rate_limited', times: 2 })
    const statuses = [await submit(), await submit(), await submit()].map(({ status }) => status)
    expect(statuses).toEqual([429, 429, 200])
  })

  it.each([
    [{ reason: 'expired' as const }, '200'],
    [{}, '200'],
    [{ reason: 'forbidden' as const }, '210'],
  ])('credentials rejects valid credentials %j with errorCode %s', async (fault, errorCode) => {
    addSubmitFault({ kind: 'credentials', ...fault })
    expect(await submit()).toMatchObject({ status: 401, json: { error: { errorCode } } })
    expect(await forest.appIds()).toEqual([])
  })

  it('html_body replaces the response by an HTML page', async () => {
    addSubmitFault({ kind: 'html_body' })
    const reply = await submit()
    expect(reply).toMatchObject({ status: 502, type: 'text/html', json: undefined })
    expect(await forest.appIds()).toHaveLength(1)
  })

  it('truncated_json cuts the JSON', async () => {
    addSubmitFault({ kind: 'truncated_json' })
    const reply = await submit()
    expect(reply).toMatchObject({ status: 200, json: undefined })
    expect(reply.text).toMatch(/^\{"success":true/)
  })

  it('empty_body omits the body', async () => {
    addSubmitFault({ kind: 'empty_body' })
    expect(await submit()).toMatchObject({ status: 200, text: '' })
    expect(await forest.appIds()).toHaveLength(1)
  })

  it('empty_body can omit the body without execution', async () => {
    addSubmitFault({ kind: 'empty_body', executes: false, status: 200 })
    expect(await submit()).toMatchObject({ status: 200, text: '' })
    expect(await forest.appIds()).toEqual([])
  })

  it('error_body returns 200 with an error', async () => {
    addSubmitFault({ kind: 'error_body' })
    expect(await submit()).toMatchObject({ status: 200, json: { success: false } })
    expect(await forest.appIds()).toEqual([])
  })
})

describe('sandbox fault on data and time', () => {
  it('empty_list empties lists, but not reads by id', async () => {
    const id = await forest.submit(workspaceId)
    forest.sandbox.faults.add({ kind: 'empty_list', operation: 'aiapps.*' })
    expect(await forest.appIds()).toEqual([])
    expect((await forest.detail(id)).success).toBe(true)
    const workspaces = await forest.call('aiworkspaces/getList', accountSearch)
    expect(workspaces.json.contents).toHaveLength(1)
  })

  it('list_lag omits new objects from lists', async () => {
    await forest.submit(workspaceId)
    forest.sandbox.faults.add({ kind: 'list_lag', lagMs: 500 })
    expect(await forest.appIds()).toEqual([])
    forest.time.ms += 500
    expect(await forest.appIds()).toHaveLength(1)
  })

  it('clock_offset shifts the clock of the provider', async () => {
    forest.sandbox.faults.add({ kind: 'clock_offset', offsetMs: 300_000 })
    expect((await submit()).status).toBe(401)
    const fast = { ...forest.caller, now: () => forest.time.ms + 300_000 }
    expect((await post(fast, '/api/v2/aiapps/submit', appExample(workspaceId))).status).toBe(200)
  })
})

describe('sandbox fault scope', () => {
  it('affects only the given object', async () => {
    const [first, second] = [await forest.submit(workspaceId), await forest.submit(workspaceId)]
    forest.sandbox.faults.add({ kind: 'error_before', object: first })
    expect((await forest.call('aiapps/getDetail', { id: first })).status).toBe(500)
    expect((await forest.call('aiapps/getDetail', { id: second })).status).toBe(200)
  })

  it('does not affect other providers', async () => {
    forest.sandbox.faults.add({ kind: 'reset', provider: 'another' })
    expect((await submit()).status).toBe(200)
  })

  it('skips, counts and records calls', async () => {
    const fault = addSubmitFault({ kind: 'rate_limited', skip: 1, times: 1 })
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

  it('affects calls at random, equally for equal seeds', async () => {
    const statusesOf = async () => {
      const other = await startDataforest({ seed: 'chance' })
      other.sandbox.faults.add({ kind: 'rate_limited', probability: 0.5 })
      const statuses = []
      for (let call = 0; call < 20; call += 1) statuses.push((await other.call('aiapps/getList', accountSearch)).status)
      await other.sandbox.close()
      return statuses
    }
    const statuses = await statusesOf()
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
    expect(await statusesOf()).toEqual(statuses)
  })

  it('ends when the fault is cleared', async () => {
    const fault = forest.sandbox.faults.add({ kind: 'rate_limited' })
    expect((await submit()).status).toBe(429)
    forest.sandbox.faults.clear(fault.id)
    expect((await submit()).status).toBe(200)
  })
})
