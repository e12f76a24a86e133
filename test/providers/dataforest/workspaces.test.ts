import { describe, expect, it } from 'vitest'
import type { Intent } from '../../../src/providers/intent.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { clock, failureOf, sendBy } from './samples.ts'
import { accountId, route, useStubConnection } from './stub-connection.ts'

const { signal } = new AbortController()
const connection = useStubConnection()
const { driver, bodies } = connection

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
    correlationTag: 'm7k2m9qd4xwa',
    spec: { ...environmentSpec, ...spec },
    environmentRemoteId: null,
    before: null,
    sendBy: sendBy(),
    firstSentAt: clock.now(),
  }
}

describe('Data Forest workspace', () => {
  it('is created by the documented request byte for byte', async () => {
    connection.stub.once(route('aiworkspaces/create'), { body: { success: true, id: 'YPIolVXWcPTcCs9dNi89Gn' } })
    expect(await driver('environment').create(environmentIntent(), signal)).toEqual({
      remoteId: 'YPIolVXWcPTcCs9dNi89Gn',
    })
    expect(connection.stub.requests[0]?.body).toBe(
      '{"accountId":"6COytUeFj7b8eOhq2L5zL","configuration":{"data":{"input":[{"hdfs":"string","path":"string"}],"output":[{"hdfs":"string","overwrite":true,"path":"string"}]},"docker":{"command":"ls","image":"tensorflow:r2.3.1-py3","workdir":"/root/"},"name":"test","queueName":"gpu","resource":{"cpuCount":1,"gpuCount":1,"gpuModel":"T4","memoryMb":1024},"userPackageUri":"string"},"description":"test [sy:m7k2m9qd4xwa]","name":"api-test"}',
    )
  })

  it.each([
    [false, 'conflict'],
    [true, 'invalid_request'],
  ])('maps HTTP 400 with an available name (%s) to %s', async (availableName, code) => {
    connection.stub.once(route('aiworkspaces/create'), { status: 400, body: { success: false, message: '이름 오류' } })
    connection.stub.once(route('aiworkspaces/checkAvailableName'), { body: { success: true, availableName } })
    const error = await failureOf(driver('environment').create(environmentIntent(), signal))
    expect(error).toMatchObject({ code, httpStatus: 400 })
    expect(error.message).toContain('이름 오류')
    expect(bodies()[1]).toEqual(['aiworkspaces/checkAvailableName', { accountId, name: 'api-test' }])
  })

  it.each([
    ['fails', 503, 'outcome_unknown'],
    ['is rejected', 400, 'invalid_request'],
  ])('maps HTTP 400 to an unknown outcome or a rejection if the name check %s', async (_name, status, code) => {
    connection.stub.once(route('aiworkspaces/create'), { status: 400, body: { success: false, message: '이름 오류' } })
    connection.stub.once(route('aiworkspaces/checkAvailableName'), { status, body: { success: false, message: 'no' } })
    expect(await failureOf(driver('environment').create(environmentIntent(), signal))).toMatchObject({ code })
  })

  it('reports an invalid parameter without a name check', async () => {
    const message = 'invalid request parameter (configuration.docker.image, \'a/b\'). "^x$"와 일치해야 합니다'
    connection.stub.once(route('aiworkspaces/create'), { status: 400, body: { success: false, message } })
    expect(await failureOf(driver('environment').create(environmentIntent(), signal))).toMatchObject({
      code: 'invalid_request',
    })
  })

  const workspaces = [
    { id: 'w1', name: 'api-test', description: 'test [sy:m7k2m9qd4xwa]', disabled: false },
    { id: 'w2', name: 'other', description: 'mine', disabled: true },
    { id: 'w3', name: 'bare' },
  ]

  it('is found by the correlation tag in its description', async () => {
    connection.stub.on(route('aiworkspaces/getList'), { body: { success: true, total: 3, contents: workspaces } })
    const intent = environmentIntent()
    const other = { ...intent, correlationTag: 'aaaaaaaaaaaa', spec: { ...intent.spec, name: 'another' } }
    const found = await driver('environment').find([environmentIntent(), other], signal)
    expect(found.get('m7k2m9qd4xwa')).toMatchObject({ found: [{ remoteId: 'w1' }] })
    expect(found.get('aaaaaaaaaaaa')).toEqual({ absent: true })
    expect(bodies()).toEqual([['aiworkspaces/getList', { search: { accountId } }]])
  })

  it('is reported as the owner of the name if it has another correlation tag or none', async () => {
    const find = async (contents: object[]) => {
      connection.stub.on(route('aiworkspaces/getList'), { body: { success: true, total: contents.length, contents } })
      const intent = { ...environmentIntent(), correlationTag: 'aaaaaaaaaaaa' }
      return (await driver('environment').find([intent], signal)).get(intent.correlationTag)
    }
    const { name } = environmentIntent().spec
    for (const description of ['mine', '', 'test [sy:m7k2m9qd4xwa]'])
      expect(await find([{ id: 'w1', name, description }])).toEqual({ absent: true, nameIsTaken: true })
    expect(await find([{ id: 'w1', name: 'other', description: '' }])).toEqual({ absent: true })
    // Without a description, the owner is unknown.
    expect(await find([{ id: 'w1', name }])).toHaveProperty('inconclusive')
  })

  it('is running or blocked, and its correlation tag is known, absent or not shown', async () => {
    connection.stub.on(route('aiworkspaces/getList'), { body: { success: true, total: 3, contents: workspaces } })
    const { seen } = await driver('environment').list({ cursor: null, watched: [] }, signal)
    expect(seen.map(({ status, correlationTag, reason }) => ({ status, correlationTag, reason }))).toEqual([
      { status: 'running', correlationTag: 'm7k2m9qd4xwa', reason: undefined },
      { status: 'blocked', correlationTag: null, reason: 'disabled' },
      { status: 'running', correlationTag: undefined, reason: undefined },
    ])
    connection.stub.once(route('aiworkspaces/getDetail'), {
      body: { success: true, ...workspaces[1], disabled: undefined },
    })
    expect(await driver('environment').get('w2', signal)).toMatchObject({ status: 'blocked', rawState: 'disabled' })
  })

  it('is gone and deleted if the service reports no such element', async () => {
    const gone = { status: 404, body: { success: false, message: 'no such element' } }
    connection.stub.once(route('aiworkspaces/getDetail'), gone)
    connection.stub.once(route('aiworkspaces/delete'), gone)
    expect(await driver('environment').get('w1', signal)).toBe('gone')
    await driver('environment').controls.delete?.('w1', signal)
  })

  it('supports only delete', () => {
    expect(Object.keys(driver('environment').controls)).toEqual(['delete'])
  })

  it('has a catalog of images and configurations without secrets', async () => {
    const responses: Record<string, unknown> = {
      tensorflow: { success: true, dockerImages: { tf: ['tensorflow:r2.3.1-py3'] } },
      pytorch: { success: true, dockerImages: {} },
    }
    connection.stub.on(route('aiworkspaces/getDockerImageList'), ({ body }) => ({
      body: responses[JSON.parse(body).search.typeName],
    }))
    const docker = { image: 'pytorch:1', command: 'sh -c "KEY=s3cret"', args: 's3cret', env: { KEY: 's3cret' } }
    const configuration = { name: 'small', docker, queueName: 'gpu', resource: { gpuCount: 1 }, data: {} }
    const modifiedAt = '2022-07-27T09:00:00.000+0900'
    connection.stub.on(route('aiworkspaces/getList'), {
      body: { success: true, contents: [{ id: 'w1', name: 'one' }, { id: 'w2' }] },
    })
    connection.stub.on(route('aiworkspaces/getConfigurationList'), ({ body }) =>
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
