import { describe, expect, it } from 'vitest'
import { badAddresses } from '../../support/bad-addresses.ts'
import { withPayload } from '../../support/observation-payloads.ts'
import { accepted, failureOf, jobIntent } from './samples.ts'
import { accountId, route, useStubConnection } from './stub-connection.ts'

const { signal } = new AbortController()
const connection = useStubConnection()
const { driver, bodies } = connection

describe('Data Forest app search', () => {
  const apps = [
    { id: 'a1', name: 's7k2m9qd-cvbp-1zqz', state: 'RUNNING', finalStatus: 'UNDEFINED' },
    { id: 'a2', name: 'mine-aaaa-bbbb', workspaceName: 'ws', state: 'RUNNING', startedAt: '2023-11-15T07:13:20+09:00' },
    { id: 'a3', name: 'mine-cccc-dddd', workspaceName: 'ws', state: 'RUNNING', startedAt: '2023-11-15T07:09:00+09:00' },
    { id: 'a4', name: 'mine-cccc-eeee', workspaceName: 'ws', state: 'RUNNING', startedAt: '2023-11-15T07:00:00+09:00' },
    { id: 'a5', name: 'mine-cccc-ffff', workspaceName: 'other', state: 'RUNNING' },
  ]

  it('finds all correlation tags in one scan, and is inconclusive if the scan is incomplete', async () => {
    connection.stub.once(route('aiapps/getList'), { body: { success: true, contents: apps } })
    const found = await driver('job').find([jobIntent(), jobIntent({}, 'zzzzzzzz')], signal)
    expect(found.get('s7k2m9qd')).toMatchObject({ found: [{ remoteId: 'a1', status: 'running' }] })
    expect(found.get('zzzzzzzz')).toEqual({ absent: true })
    expect(bodies()).toEqual([['aiapps/getList', { search: { accountId } }]])

    connection.stub.once(route('aiapps/getList'), { body: { success: true, total: 9, contents: apps } })
    const partial = await driver('job').find([jobIntent({}, 'zzzzzzzz')], signal)
    expect(partial.get('zzzzzzzz')).toHaveProperty('inconclusive')
  })

  it('returns all candidates of a configured prefix by name, workspace and start time', async () => {
    connection.stub.once(route('aiapps/getList'), { body: { success: true, contents: apps } })
    connection.stub.once(route('aiworkspaces/getDetail'), {
      body: { success: true, id: '6ZKSGoSJMMwctK257nxgiL', name: 'ws' },
    })
    const intent = jobIntent({ providerOptions: { dataforest: { namePrefix: 'mine' } } })
    const found = await driver('job').find([intent], signal)
    expect(found.get(intent.correlationTag)).toMatchObject({ found: [{ remoteId: 'a2' }, { remoteId: 'a3' }] })
  })

  it.each([
    ['complete', apps.slice(1), undefined, true],
    ['truncated', apps.slice(1), 9, false],
    ['without an app’s workspace', apps, undefined, false],
  ])('reports whether the list is complete: %s', async (_name, contents, total, isComplete) => {
    connection.stub.once(route('aiapps/getList'), { body: { success: true, total, contents } })
    connection.stub.once(route('aiworkspaces/getDetail'), {
      body: { success: true, id: '6ZKSGoSJMMwctK257nxgiL', name: 'ws' },
    })
    const intent = jobIntent({ providerOptions: { dataforest: { namePrefix: 'mine' } } })
    expect((await driver('job').find([intent], signal)).get(intent.correlationTag)).toMatchObject({ isComplete })
  })

  it('fails instead of reporting absence if the list cannot be read', async () => {
    connection.stub.once(route('aiapps/getList'), { body: { success: false, message: 'hm' } })
    expect((await failureOf(driver('job').find([jobIntent()], signal))).code).toBe('invalid_request')
  })
})

describe('Data Forest app observation', () => {
  it.each([
    ['NEW', 'UNDEFINED', 'pending'],
    ['NEW_SAVING', 'UNDEFINED', 'pending'],
    ['SUBMITTED', 'UNDEFINED', 'pending'],
    ['ACCEPTED', 'UNDEFINED', 'pending'],
    ['RUNNING', 'UNDEFINED', 'running'],
    ['FINISHED', 'SUCCEEDED', 'succeeded'],
    ['FINISHED', 'FAILED', 'failed'],
    ['FINISHED', 'KILLED', 'canceled'],
    ['FINISHED', 'UNDEFINED', 'unknown'],
    ['FINISHED', 'ENDED', 'unknown'],
    ['FINISHED', undefined, 'unknown'],
    ['FINISHED', 'HMM', null],
    ['FAILED', 'FAILED', 'failed'],
    ['KILLED', 'KILLED', 'canceled'],
    ['constructor', 'UNDEFINED', null],
    [undefined, undefined, null],
  ])('maps %s with %s to %s', async (state, finalStatus, status) => {
    connection.stub.once(route('aiapps/getDetail'), { body: { ...accepted, state, finalStatus } })
    const seen = await driver('job').get('dN2vdAwrCMZdUzGKKiFy6Z', signal)
    expect(seen).toMatchObject({ status })
    expect(bodies()).toEqual([['aiapps/getDetail', { id: 'dN2vdAwrCMZdUzGKKiFy6Z' }]])
  })

  it('starts with the first container, ends at finishedAt and returns logs as links', async () => {
    const ended = {
      ...accepted,
      appId: 'application_1_2',
      state: 'FINISHED',
      finalStatus: 'SUCCEEDED',
      finishedAt: '2022-08-01T11:20:00+09:00',
      containers: {
        b: { containerId: 'c2', createdAt: '2022-08-01T11:12:00+09:00', logUrl: 'https://logs/c2' },
        a: { containerId: 'c1', createdAt: '2022-08-01T11:10:00+09:00', logUrl: '' },
      },
      token: 'hush',
    }
    connection.stub.on(route('aiapps/getDetail'), { body: ended })
    const seen = await driver('job').get('a', signal)
    expect(withPayload(seen)).toMatchObject({
      startedAt: new Date('2022-08-01T02:10:00Z'),
      endedAt: new Date('2022-08-01T02:20:00Z'),
      result: { appId: 'application_1_2' },
      payload: { token: '[redacted]' },
    })
    const logs = await driver('job').logs?.('a', null, signal)
    expect(logs).toEqual({ links: [{ name: 'c2', url: 'https://logs/c2' }] })
  })

  it.each(badAddresses)('rejects a log link that is not an http(s) URL: %j', async (logUrl) => {
    connection.stub.once(route('aiapps/getDetail'), {
      body: { ...accepted, containers: { a: { containerId: 'c1', logUrl } } },
    })
    const failure = await failureOf(driver('job').logs?.('a', null, signal) ?? Promise.resolve())
    expect(failure).toMatchObject({ code: 'bad_response' })
  })

  it('is gone only by a response of the service, not of the gateway or a proxy', async () => {
    connection.stub.once(route('aiapps/getDetail'), {
      status: 404,
      body: { success: false, message: 'no such element' },
    })
    expect(await driver('job').get('a', signal)).toBe('gone')
    connection.stub.once(route('aiapps/getDetail'), {
      status: 404,
      body: { error: { errorCode: '300', message: 'no route' } },
    })
    expect((await failureOf(driver('job').get('a', signal))).code).toBe('unsupported')
    connection.stub.once(route('aiapps/getDetail'), { status: 404, body: '<html>' })
    expect((await failureOf(driver('job').get('a', signal))).code).toBe('bad_response')
  })

  it('lists all apps on one page and skips entries without an id', async () => {
    connection.stub.once(route('aiapps/getList'), {
      body: { success: true, contents: [accepted, { name: 'x' }, null, 7] },
    })
    const page = await driver('job').list({ cursor: null, watched: [] }, signal)
    expect(page.next).toBeNull()
    expect(page.seen.map((each) => each.remoteId)).toEqual(['dN2vdAwrCMZdUzGKKiFy6Z'])
  })
})

describe('Data Forest app cancel', () => {
  const rejected = { status: 400, body: { success: false, message: 'app is not running' } }

  it('kills the app', async () => {
    connection.stub.once(route('aiapps/kill'), { body: { success: true, message: 'success', id: 'a' } })
    await driver('job').controls.cancel?.('a', signal)
    expect(bodies()).toEqual([['aiapps/kill', { id: 'a' }]])
  })

  it.each([
    { body: { ...accepted, state: 'FINISHED', finalStatus: 'SUCCEEDED' } },
    { status: 404, body: { success: false, message: 'no such element' } },
  ])('succeeds if the app has ended or is gone: %o', async (detail) => {
    connection.stub.once(route('aiapps/kill'), rejected)
    connection.stub.once(route('aiapps/getDetail'), detail)
    await driver('job').controls.cancel?.('a', signal)
  })

  it('fails if the app is still running', async () => {
    connection.stub.once(route('aiapps/kill'), rejected)
    connection.stub.once(route('aiapps/getDetail'), { body: { ...accepted, state: 'RUNNING' } })
    expect(await failureOf(driver('job').controls.cancel?.('a', signal) ?? Promise.resolve())).toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('app is not running'),
    })
  })
})
