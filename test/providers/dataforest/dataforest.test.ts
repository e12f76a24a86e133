import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dataforestProvider } from '../../../src/providers/dataforest/index.ts'
import { ncpSignature } from '../../../src/providers/families/ncp/signature.ts'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import type { Driver, Intent, OpenProvider } from '../../../src/providers/provider.ts'
import type { ProviderError } from '../../../src/providers/provider-error.ts'
import type { EnvironmentSpec, JobSpec } from '../../../src/vocabulary/spec.ts'
import { badAddresses } from '../../support/bad-addresses.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { shown } from '../../support/shown.ts'
import { type StubServer, startStubServer } from '../../support/stub-server.ts'

const keys = { accessKey: 'EXAMPLEACCESSKEY0001', secretKey: 'exampleSecretKeyForUnitTestsOnly00000001' }
const accountId = '6COytUeFj7b8eOhq2L5zL'
const clock = makeFixedClock('2023-11-14T22:13:20.000Z')
const { signal } = new AbortController()

let stub: StubServer
let provider: OpenProvider
let closeHttp: () => Promise<void>

beforeEach(async () => {
  stub = await startStubServer()
  const http = makeHttpClient({
    baseUrl: stub.url,
    clock,
    connectTimeoutMs: 1000,
    timeoutMs: 1000,
    maxResponseBytes: 1e6,
  })
  closeHttp = http.close
  provider = dataforestProvider.open({ settings: { accountId, baseUrl: stub.url }, credentials: keys, http, clock })
})

afterEach(async () => {
  expect(stub.unexpected).toEqual([])
  for (const { method, target, headers } of stub.requests) {
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-ncp-apigw-timestamp': '1700000000000',
      'x-ncp-iam-access-key': keys.accessKey,
      'x-ncp-apigw-signature-v2': ncpSignature({ method, target, timestampMs: 1_700_000_000_000 }, keys),
    })
  }
  await closeHttp()
  await stub.close()
})

function driver<K extends 'job' | 'environment'>(kind: K): Driver<K> {
  const found = provider.drivers[kind]
  if (found === undefined) throw new Error(`no driver for ${kind}`)
  return found as Driver<K>
}

const route = (operation: string) => `POST /api/v2/${operation}`
const bodies = () => stub.requests.map(({ target, body }) => [target.replace('/api/v2/', ''), JSON.parse(body)])

async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => {
      throw new Error('it succeeded')
    },
    (cause: ProviderError) => cause,
  )
  const shown = inspect(error, { depth: 10 })
  for (const secret of [keys.secretKey, keys.accessKey]) expect(shown).not.toContain(secret)
  return error
}

const sendBy = () => ({ at: new Date(clock.now().getTime() + 1000), monotonicMs: clock.monotonicMs() + 1000 })

const jobSpec: JobSpec = {
  name: 'train',
  image: 'tensorflow:r2.3.1-py3',
  script: 'python train.py',
  workingDirectory: 'api-test',
  queue: 'gpu',
  resources: { cpus: 1, memoryMiB: 1024, accelerator: { kind: 'gpu', model: 'T4', count: 1 } },
  inputs: [{ source: '/user/acct/data_in', path: 'data_in' }],
  outputs: [{ destination: '/user/acct/data_out', path: 'data_out', overwrite: false }],
}

function jobIntent(spec: Partial<JobSpec> = {}, mark = 's7k2m9qd'): Intent<'job'> {
  return {
    mark,
    spec: { ...jobSpec, ...spec },
    environmentRemoteId: '6ZKSGoSJMMwctK257nxgiL',
    before: null,
    sendBy: sendBy(),
    firstSentAt: clock.now(),
  }
}

const environmentSpec: EnvironmentSpec = {
  name: 'api-test',
  description: 'test',
  image: 'tensorflow:r2.3.1-py3',
  command: ['ls'],
  workingDirectory: '/root/',
  queue: 'gpu',
  resources: { cpus: 1, memoryMiB: 1024, accelerator: { kind: 'gpu', model: 'T4', count: 1 } },
  inputs: [{ source: 'string', path: 'string' }],
  outputs: [{ destination: 'string', path: 'string', overwrite: true }],
  providerOptions: { dataforest: { configurationName: 'test', userPackageUri: 'string' } },
}

function environmentIntent(spec: Partial<EnvironmentSpec> = {}): Intent<'environment'> {
  return {
    mark: 'm7k2m9qd4xwa',
    spec: { ...environmentSpec, ...spec },
    environmentRemoteId: null,
    before: null,
    sendBy: sendBy(),
    firstSentAt: clock.now(),
  }
}

const accepted = {
  success: true,
  id: 'dN2vdAwrCMZdUzGKKiFy6Z',
  accountName: 'acct',
  name: 's7k2m9qd-cvbp-1zqz',
  queueName: 'gpu',
  startedAt: '2022-08-01T11:08:33.086+09:00',
  finishedAt: '1970-01-01T09:00:00+09:00',
  elapsedMillis: 0,
  state: 'ACCEPTED',
  finalStatus: 'UNDEFINED',
}

describe('creating an AI app', () => {
  it('sends the documented request, byte for byte, and reads the documented answer', async () => {
    stub.once(route('aiapps/submit'), { body: accepted })
    const created = await driver('job').create(jobIntent(), signal)
    expect(stub.requests[0]?.body).toBe(
      '{"aiWorkspaceId":"6ZKSGoSJMMwctK257nxgiL","data":{"input":[{"hdfs":"/user/acct/data_in","path":"data_in"}],"output":[{"hdfs":"/user/acct/data_out","overwrite":false,"path":"data_out"}]},"docker":{"command":"python train.py","image":"tensorflow:r2.3.1-py3","workdir":"api-test"},"namePrefix":"s7k2m9qd","queueName":"gpu","resource":{"cpuCount":1,"gpuCount":1,"gpuModel":"T4","memoryMb":1024}}',
    )
    expect(created).toMatchObject({
      remoteId: 'dN2vdAwrCMZdUzGKKiFy6Z',
      seen: { status: 'pending', rawState: 'ACCEPTED', mark: 's7k2m9qd', remoteName: 's7k2m9qd-cvbp-1zqz' },
    })
    expect(created.seen).not.toHaveProperty('startedAt')
    expect(created.seen).not.toHaveProperty('endedAt')
  })

  it('plans the very request that it sends', async () => {
    stub.once(route('aiapps/submit'), { body: accepted })
    const plan = driver('job').plan(jobIntent())
    await driver('job').create(jobIntent(), signal)
    expect(JSON.stringify(plan.body)).toBe(stub.requests[0]?.body)
    expect(plan).toMatchObject({ method: 'POST', target: '/api/v2/aiapps/submit' })
  })

  it('sends arguments quoted, variables and ports, and empty data and resource where nothing is given', async () => {
    stub.once(route('aiapps/submit'), { body: accepted })
    const spec: JobSpec = {
      name: 'x',
      image: 'pytorch:1',
      command: ['python', '-c', "print('a b')"],
      environmentVariables: { A: '한글' },
      ports: [{ port: 8080 }],
      providerOptions: { dataforest: { namePrefix: 'mine' } },
    }
    await driver('job').create({ ...jobIntent(), spec }, signal)
    expect(JSON.parse(stub.requests[0]?.body ?? '')).toEqual({
      aiWorkspaceId: '6ZKSGoSJMMwctK257nxgiL',
      data: { input: [], output: [] },
      docker: {
        args: `-c 'print('\\''a b'\\'')'`,
        command: 'python',
        env: { A: '한글' },
        exposeTcpPorts: [8080],
        image: 'pytorch:1',
      },
      namePrefix: 'mine',
      queueName: 'gpu',
      resource: {},
    })
  })

  it('carries a script of 64 KiB', async () => {
    stub.once(route('aiapps/submit'), { body: accepted })
    const script = 'é'.repeat(32_768)
    await driver('job').create(jobIntent({ script }), signal)
    expect(JSON.parse(stub.requests[0]?.body ?? '').docker.command).toBe(script)
  })

  it.each([
    [{ status: 400, body: { success: false, message: 'invalid request parameter (x)' } }, 'invalid_request'],
    [{ status: 429, body: { error: { errorCode: '420', message: 'slow' } } }, 'rate_limited'],
    [{ status: 401, body: { error: { errorCode: '200', message: 'no' } } }, 'unauthenticated'],
    [{ status: 401, body: '<html>no</html>' }, 'outcome_unknown'],
    [{ status: 200, body: { success: false, message: 'hm' } }, 'outcome_unknown'],
    [{ status: 200, body: '<html>' }, 'bad_response'],
    [{ status: 504, body: { error: { errorCode: '510', message: 'late' } } }, 'timeout'],
    [{ status: 503, body: { error: { errorCode: '500', message: 'down' } } }, 'unavailable'],
    [{ isReset: true as const }, 'unavailable'],
  ])('answered with %o is %s', async (answer, code) => {
    stub.once(route('aiapps/submit'), answer)
    expect(await failureOf(driver('job').create(jobIntent(), signal))).toMatchObject({ code, notSent: false })
    expect(stub.requests).toHaveLength(1)
  })

  it('past its moment is not sent', async () => {
    const late = { ...jobIntent(), sendBy: { at: new Date(0), monotonicMs: 1e9 } }
    expect(await failureOf(driver('job').create(late, signal))).toMatchObject({ code: 'timeout', notSent: true })
    expect(stub.requests).toHaveLength(0)
  })

  it('whose answer shows no id is taken, the id not told', async () => {
    stub.once(route('aiapps/submit'), { body: { success: true } })
    expect(await driver('job').create(jobIntent(), signal)).toEqual({ remoteId: null })
  })
})

describe('finding AI apps', () => {
  const apps = [
    { id: 'a1', name: 's7k2m9qd-cvbp-1zqz', state: 'RUNNING', finalStatus: 'UNDEFINED' },
    { id: 'a2', name: 'mine-aaaa-bbbb', workspaceName: 'ws', state: 'RUNNING', startedAt: '2023-11-15T07:13:20+09:00' },
    { id: 'a3', name: 'mine-cccc-dddd', workspaceName: 'ws', state: 'RUNNING', startedAt: '2023-11-15T07:09:00+09:00' },
    { id: 'a4', name: 'mine-cccc-eeee', workspaceName: 'ws', state: 'RUNNING', startedAt: '2023-11-15T07:00:00+09:00' },
    { id: 'a5', name: 'mine-cccc-ffff', workspaceName: 'other', state: 'RUNNING' },
  ]

  it('is one walk for all marks, absent only when the walk was complete', async () => {
    stub.once(route('aiapps/getList'), { body: { success: true, contents: apps } })
    const found = await driver('job').find([jobIntent(), jobIntent({}, 'zzzzzzzz')], signal)
    expect(found.get('s7k2m9qd')).toMatchObject({ found: [{ remoteId: 'a1', status: 'running' }] })
    expect(found.get('zzzzzzzz')).toEqual({ absent: true })
    expect(bodies()).toEqual([['aiapps/getList', { search: { accountId } }]])

    stub.once(route('aiapps/getList'), { body: { success: true, total: 9, contents: apps } })
    const partial = await driver('job').find([jobIntent({}, 'zzzzzzzz')], signal)
    expect(partial.get('zzzzzzzz')).toHaveProperty('inconclusive')
  })

  it('with a pinned prefix returns all that fit by prefix, workspace and start time', async () => {
    stub.once(route('aiapps/getList'), { body: { success: true, contents: apps } })
    stub.once(route('aiworkspaces/getDetail'), { body: { success: true, id: '6ZKSGoSJMMwctK257nxgiL', name: 'ws' } })
    const intent = jobIntent({ providerOptions: { dataforest: { namePrefix: 'mine' } } })
    const found = await driver('job').find([intent], signal)
    expect(found.get(intent.mark)).toMatchObject({ found: [{ remoteId: 'a2' }, { remoteId: 'a3' }] })
  })

  it.each([
    ['whole', apps.slice(1), undefined, true],
    ['cut short', apps.slice(1), 9, false],
    ['silent about an app’s workspace', apps, undefined, false],
  ])('tells of what it found that the list was %s', async (_how, contents, total, isComplete) => {
    stub.once(route('aiapps/getList'), { body: { success: true, total, contents } })
    stub.once(route('aiworkspaces/getDetail'), { body: { success: true, id: '6ZKSGoSJMMwctK257nxgiL', name: 'ws' } })
    const intent = jobIntent({ providerOptions: { dataforest: { namePrefix: 'mine' } } })
    expect((await driver('job').find([intent], signal)).get(intent.mark)).toMatchObject({ isComplete })
  })

  it('rejects when the list cannot be read, rather than calling it absent', async () => {
    stub.once(route('aiapps/getList'), { body: { success: false, message: 'hm' } })
    expect((await failureOf(driver('job').find([jobIntent()], signal))).code).toBe('invalid_request')
  })
})

describe('observing AI apps', () => {
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
  ])('%s with %s is %s', async (state, finalStatus, status) => {
    stub.once(route('aiapps/getDetail'), { body: { ...accepted, state, finalStatus } })
    const seen = await driver('job').get('dN2vdAwrCMZdUzGKKiFy6Z', signal)
    expect(seen).toMatchObject({ status })
    expect(bodies()).toEqual([['aiapps/getDetail', { id: 'dN2vdAwrCMZdUzGKKiFy6Z' }]])
  })

  it('starts with the first container, ends at finishedAt, and shows its logs as links', async () => {
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
    stub.on(route('aiapps/getDetail'), { body: ended })
    const seen = await driver('job').get('a', signal)
    expect(shown(seen)).toMatchObject({
      startedAt: new Date('2022-08-01T02:10:00Z'),
      endedAt: new Date('2022-08-01T02:20:00Z'),
      result: { appId: 'application_1_2' },
      payload: { token: '[redacted]' },
    })
    const logs = await driver('job').logs?.('a', null, signal)
    expect(logs).toEqual({ links: [{ name: 'c2', url: 'https://logs/c2' }] })
  })

  it.each(badAddresses)('hands out no link that is no http(s) URL: %j', async (logUrl) => {
    stub.once(route('aiapps/getDetail'), { body: { ...accepted, containers: { a: { containerId: 'c1', logUrl } } } })
    const failure = await failureOf(driver('job').logs?.('a', null, signal) ?? Promise.resolve())
    expect(failure).toMatchObject({ code: 'bad_response' })
  })

  it('is gone by the service only, never by a missing route or a proxy', async () => {
    stub.once(route('aiapps/getDetail'), { status: 404, body: { success: false, message: 'no such element' } })
    expect(await driver('job').get('a', signal)).toBe('gone')
    stub.once(route('aiapps/getDetail'), { status: 404, body: { error: { errorCode: '300', message: 'no route' } } })
    expect((await failureOf(driver('job').get('a', signal))).code).toBe('unsupported')
    stub.once(route('aiapps/getDetail'), { status: 404, body: '<html>' })
    expect((await failureOf(driver('job').get('a', signal))).code).toBe('bad_response')
  })

  it('lists all on one page, apps without an id left out', async () => {
    stub.once(route('aiapps/getList'), { body: { success: true, contents: [accepted, { name: 'x' }, null, 7] } })
    const page = await driver('job').list({ cursor: null, watched: [] }, signal)
    expect(page.next).toBeNull()
    expect(page.seen.map((each) => each.remoteId)).toEqual(['dN2vdAwrCMZdUzGKKiFy6Z'])
  })
})

describe('canceling an AI app', () => {
  const refused = { status: 400, body: { success: false, message: 'app is not running' } }

  it('kills it', async () => {
    stub.once(route('aiapps/kill'), { body: { success: true, message: 'success', id: 'a' } })
    await driver('job').controls.cancel?.('a', signal)
    expect(bodies()).toEqual([['aiapps/kill', { id: 'a' }]])
  })

  it.each([
    { body: { ...accepted, state: 'FINISHED', finalStatus: 'SUCCEEDED' } },
    { status: 404, body: { success: false, message: 'no such element' } },
  ])('is a success where it has ended or is gone: %o', async (detail) => {
    stub.once(route('aiapps/kill'), refused)
    stub.once(route('aiapps/getDetail'), detail)
    await driver('job').controls.cancel?.('a', signal)
  })

  it('fails where it still runs', async () => {
    stub.once(route('aiapps/kill'), refused)
    stub.once(route('aiapps/getDetail'), { body: { ...accepted, state: 'RUNNING' } })
    expect(await failureOf(driver('job').controls.cancel?.('a', signal) ?? Promise.resolve())).toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('app is not running'),
    })
  })
})

describe('AI workspaces', () => {
  it('are created by the documented request, byte for byte', async () => {
    stub.once(route('aiworkspaces/create'), { body: { success: true, id: 'YPIolVXWcPTcCs9dNi89Gn' } })
    expect(await driver('environment').create(environmentIntent(), signal)).toEqual({
      remoteId: 'YPIolVXWcPTcCs9dNi89Gn',
    })
    expect(stub.requests[0]?.body).toBe(
      '{"accountId":"6COytUeFj7b8eOhq2L5zL","configuration":{"data":{"input":[{"hdfs":"string","path":"string"}],"output":[{"hdfs":"string","overwrite":true,"path":"string"}]},"docker":{"command":"ls","image":"tensorflow:r2.3.1-py3","workdir":"/root/"},"name":"test","queueName":"gpu","resource":{"cpuCount":1,"gpuCount":1,"gpuModel":"T4","memoryMb":1024},"userPackageUri":"string"},"description":"test [sy:m7k2m9qd4xwa]","name":"api-test"}',
    )
  })

  it.each([
    [false, 'conflict'],
    [true, 'invalid_request'],
  ])('refused with HTTP 400 while the name is available=%s: %s', async (availableName, code) => {
    stub.once(route('aiworkspaces/create'), { status: 400, body: { success: false, message: '이름 오류' } })
    stub.once(route('aiworkspaces/checkAvailableName'), { body: { success: true, availableName } })
    const error = await failureOf(driver('environment').create(environmentIntent(), signal))
    expect(error).toMatchObject({ code, httpStatus: 400 })
    expect(error.message).toContain('이름 오류')
    expect(bodies()[1]).toEqual(['aiworkspaces/checkAvailableName', { accountId, name: 'api-test' }])
  })

  it.each([
    ['fails', 503, 'outcome_unknown'],
    ['is rejected', 400, 'invalid_request'],
  ])('refused with HTTP 400 while the question after the name %s', async (_how, status, code) => {
    stub.once(route('aiworkspaces/create'), { status: 400, body: { success: false, message: '이름 오류' } })
    stub.once(route('aiworkspaces/checkAvailableName'), { status, body: { success: false, message: 'no' } })
    expect(await failureOf(driver('environment').create(environmentIntent(), signal))).toMatchObject({ code })
  })

  it('refused for another parameter cost no further question', async () => {
    const message = 'invalid request parameter (configuration.docker.image, \'a/b\'). "^x$"와 일치해야 합니다'
    stub.once(route('aiworkspaces/create'), { status: 400, body: { success: false, message } })
    expect(await failureOf(driver('environment').create(environmentIntent(), signal))).toMatchObject({
      code: 'invalid_request',
    })
  })

  const workspaces = [
    { id: 'w1', name: 'api-test', description: 'test [sy:m7k2m9qd4xwa]', disabled: false },
    { id: 'w2', name: 'other', description: 'mine', disabled: true },
    { id: 'w3', name: 'bare' },
  ]

  it('are found by the mark in their description', async () => {
    stub.on(route('aiworkspaces/getList'), { body: { success: true, total: 3, contents: workspaces } })
    const intent = environmentIntent()
    const other = { ...intent, mark: 'aaaaaaaaaaaa', spec: { ...intent.spec, name: 'another' } }
    const found = await driver('environment').find([environmentIntent(), other], signal)
    expect(found.get('m7k2m9qd4xwa')).toMatchObject({ found: [{ remoteId: 'w1' }] })
    expect(found.get('aaaaaaaaaaaa')).toEqual({ absent: true })
    expect(bodies()).toEqual([['aiworkspaces/getList', { search: { accountId } }]])
  })

  it('that hold the name of one that is looked for, with another mark or none, are told of', async () => {
    const find = async (contents: object[]) => {
      stub.on(route('aiworkspaces/getList'), { body: { success: true, total: contents.length, contents } })
      const intent = { ...environmentIntent(), mark: 'aaaaaaaaaaaa' }
      return (await driver('environment').find([intent], signal)).get(intent.mark)
    }
    const { name } = environmentIntent().spec
    for (const description of ['mine', '', 'test [sy:m7k2m9qd4xwa]'])
      expect(await find([{ id: 'w1', name, description }])).toEqual({ absent: true, nameIsTaken: true })
    expect(await find([{ id: 'w1', name: 'other', description: '' }])).toEqual({ absent: true })
    // Whose it is has to be shown.
    expect(await find([{ id: 'w1', name }])).toHaveProperty('inconclusive')
  })

  it('are running where they are, blocked where disabled, and show whether they carry a mark', async () => {
    stub.on(route('aiworkspaces/getList'), { body: { success: true, total: 3, contents: workspaces } })
    const { seen } = await driver('environment').list({ cursor: null, watched: [] }, signal)
    expect(seen.map(({ status, mark, reason }) => ({ status, mark, reason }))).toEqual([
      { status: 'running', mark: 'm7k2m9qd4xwa', reason: undefined },
      { status: 'blocked', mark: null, reason: 'disabled' },
      { status: 'running', mark: undefined, reason: undefined },
    ])
    stub.once(route('aiworkspaces/getDetail'), { body: { success: true, ...workspaces[1], disabled: undefined } })
    expect(await driver('environment').get('w2', signal)).toMatchObject({ status: 'blocked', rawState: 'disabled' })
  })

  it('are gone, and deleted, when the service knows no such element', async () => {
    const gone = { status: 404, body: { success: false, message: 'no such element' } }
    stub.once(route('aiworkspaces/getDetail'), gone)
    stub.once(route('aiworkspaces/delete'), gone)
    expect(await driver('environment').get('w1', signal)).toBe('gone')
    await driver('environment').controls.delete?.('w1', signal)
  })

  it('neither start nor stop', () => {
    expect(Object.keys(driver('environment').controls)).toEqual(['delete'])
  })

  it('show the images that can be named, and the configurations that there are without what may be secret', async () => {
    const answers: Record<string, unknown> = {
      tensorflow: { success: true, dockerImages: { tf: ['tensorflow:r2.3.1-py3'] } },
      pytorch: { success: true, dockerImages: {} },
    }
    stub.on(route('aiworkspaces/getDockerImageList'), ({ body }) => ({
      body: answers[JSON.parse(body).search.typeName],
    }))
    const docker = { image: 'pytorch:1', command: 'sh -c "KEY=s3cret"', args: 's3cret', env: { KEY: 's3cret' } }
    const configuration = { name: 'small', docker, queueName: 'gpu', resource: { gpuCount: 1 }, data: {} }
    const modifiedAt = '2022-07-27T09:00:00.000+0900'
    stub.on(route('aiworkspaces/getList'), {
      body: { success: true, contents: [{ id: 'w1', name: 'one' }, { id: 'w2' }] },
    })
    stub.on(route('aiworkspaces/getConfigurationList'), ({ body }) =>
      JSON.parse(body).id === 'w1'
        ? { body: { success: true, total: 1, contents: [{ configuration, modifiedAt }] } }
        : { status: 404, body: { success: false, message: 'no such element' } },
    )
    expect(await driver('environment').catalog?.(signal)).toEqual({
      images: [{ type: 'tensorflow', image: 'tensorflow:r2.3.1-py3' }],
      configurations: [
        {
          ...{ aiWorkspaceId: 'w1', workspaceName: 'one', name: 'small', image: 'pytorch:1', queueName: 'gpu' },
          ...{ resource: { gpuCount: 1 }, modifiedAt },
        },
      ],
    })
  })
})

describe('verifying a connection', () => {
  it.each([
    [{ body: { success: true, contents: [{ id: accountId, status: 'RUNNING' }] } }, undefined],
    [{ body: { success: true, contents: [{ id: 'another' }] } }, 'settings.accountId'],
    [{ body: { success: true, contents: [{ id: accountId, disabled: true }] } }, 'settings.accountId'],
    [{ status: 401, body: { error: { errorCode: '200', message: 'no' } } }, 'clock'],
    [
      { status: 401, headers: { date: 'Tue, 14 Nov 2023 22:13:20 GMT' }, body: { error: { errorCode: 200 } } },
      'credentials',
    ],
    [{ status: 401, body: { error: { errorCode: '210', message: 'no' } } }, 'credentials.accessKey'],
    [{ status: 404, body: { error: { errorCode: '300', message: 'no' } } }, 'settings.baseUrl'],
  ])('answered with %o names %s', async (answer, field) => {
    stub.once(route('accounts/getList'), answer)
    const outcome = provider.verify(signal)
    if (field === undefined) await outcome
    else expect((await failureOf(outcome)).field).toBe(field)
    expect(stub.requests[0]?.body).toBe('{}')
  })
})

describe('the provider', () => {
  it('freezes what decides where objects live, and keeps a path prefix of its base URL in what it signs', async () => {
    expect(dataforestProvider.scope({ accountId })).toEqual({ accountId, baseUrl: 'https://df.apigw.ntruss.com' })
    const http = { send: () => Promise.reject(new Error('nothing is sent')) }
    const settings = { accountId, baseUrl: 'http://proxy:1/df/' }
    const { drivers } = dataforestProvider.open({ settings, credentials: keys, http, clock })
    expect(drivers.job?.plan(jobIntent()).target).toBe('/df/api/v2/aiapps/submit')
  })
})
