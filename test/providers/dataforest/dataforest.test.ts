import { describe, expect, it } from 'vitest'
import { dataforestProvider } from '../../../src/providers/dataforest/index.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import { accepted, clock, failureOf, jobIntent, keys } from './samples.ts'
import { accountId, route, useStubConnection } from './stub-connection.ts'

const { signal } = new AbortController()
const connection = useStubConnection()
const { driver } = connection

describe('Data Forest app create', () => {
  it('sends the documented request byte for byte and reads the documented response', async () => {
    connection.stub.once(route('aiapps/submit'), { body: accepted })
    const created = await driver('job').create(jobIntent(), signal)
    expect(connection.stub.requests[0]?.body).toBe(
      '{"aiWorkspaceId":"6ZKSGoSJMMwctK257nxgiL","data":{"input":[{"hdfs":"/user/acct/data_in","path":"data_in"}],"output":[{"hdfs":"/user/acct/data_out","overwrite":false,"path":"data_out"}]},"docker":{"command":"python train.py","image":"tensorflow:r2.3.1-py3","workdir":"api-test"},"namePrefix":"s7k2m9qd","queueName":"gpu","resource":{"cpuCount":1,"gpuCount":1,"gpuModel":"T4","memoryMb":1024}}',
    )
    expect(created).toMatchObject({
      remoteId: 'dN2vdAwrCMZdUzGKKiFy6Z',
      seen: { status: 'pending', rawState: 'ACCEPTED', correlationTag: 's7k2m9qd', remoteName: 's7k2m9qd-cvbp-1zqz' },
    })
    expect(created.seen).not.toHaveProperty('startedAt')
    expect(created.seen).not.toHaveProperty('endedAt')
  })

  it('sends exactly the planned request', async () => {
    connection.stub.once(route('aiapps/submit'), { body: accepted })
    const plan = driver('job').plan(jobIntent())
    await driver('job').create(jobIntent(), signal)
    expect(JSON.stringify(plan.body)).toBe(connection.stub.requests[0]?.body)
    expect(plan).toMatchObject({ method: 'POST', target: '/api/v2/aiapps/submit' })
  })

  it('sends quoted arguments, variables and ports, and empty data and resource by default', async () => {
    connection.stub.once(route('aiapps/submit'), { body: accepted })
    const spec: JobSpec = {
      name: 'x',
      image: 'pytorch:1',
      command: ['python', '-c', "print('a b')"],
      environmentVariables: { A: '한글' },
      ports: [{ port: 8080 }],
      providerOptions: { dataforest: { namePrefix: 'mine' } },
    }
    await driver('job').create({ ...jobIntent(), spec }, signal)
    expect(JSON.parse(connection.stub.requests[0]?.body ?? '')).toEqual({
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

  it('sends a script of 64 KiB', async () => {
    connection.stub.once(route('aiapps/submit'), { body: accepted })
    const script = 'é'.repeat(32_768)
    await driver('job').create(jobIntent({ script }), signal)
    expect(JSON.parse(connection.stub.requests[0]?.body ?? '').docker.command).toBe(script)
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
  ])('maps the response %o to %s', async (response, code) => {
    connection.stub.once(route('aiapps/submit'), response)
    expect(await failureOf(driver('job').create(jobIntent(), signal))).toMatchObject({ code, notSent: false })
    expect(connection.stub.requests).toHaveLength(1)
  })

  it('is not sent after its deadline', async () => {
    const expired = { ...jobIntent(), sendBy: { at: new Date(0), monotonicMs: 1e9 } }
    expect(await failureOf(driver('job').create(expired, signal))).toMatchObject({ code: 'timeout', notSent: true })
    expect(connection.stub.requests).toHaveLength(0)
  })

  it('returns no remote id if the response contains none', async () => {
    connection.stub.once(route('aiapps/submit'), { body: { success: true } })
    expect(await driver('job').create(jobIntent(), signal)).toEqual({ remoteId: null })
  })
})

describe('Data Forest verification', () => {
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
  ])('maps the response %o to the field %s', async (response, field) => {
    connection.stub.once(route('accounts/getList'), response)
    const outcome = connection.provider.verify(signal)
    if (field === undefined) await outcome
    else expect((await failureOf(outcome)).field).toBe(field)
    expect(connection.stub.requests[0]?.body).toBe('{}')
  })
})

describe('Data Forest provider', () => {
  it('includes the base URL in the scope and its path in requests', async () => {
    expect(dataforestProvider.scope({ accountId })).toEqual({ accountId, baseUrl: 'https://df.apigw.ntruss.com' })
    const http = { send: () => Promise.reject(new Error('nothing is sent')) }
    const settings = { accountId, baseUrl: 'http://proxy:1/df/' }
    const { drivers } = dataforestProvider.open({ settings, credentials: keys, http, clock })
    expect(drivers.job?.plan(jobIntent()).target).toBe('/df/api/v2/aiapps/submit')
  })
})
