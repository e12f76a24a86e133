import { describe, expect, it } from 'vitest'
import { checkSpec, withDefaults } from '../../../src/providers/field-rules.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { failureDecisionOf } from '../../../src/workloads/apply/failure-policy.ts'
import { spec } from './container-samples.ts'
import { environmentIntent, failed, failureOf, firstToken, ok, signal, useScnetStub } from './scnet-stub.ts'

const stub = useScnetStub()
const base = '/ai/openapi/v2/instance-service'
const create = `POST ${base}/task`
const id = '530491fa7c8e47348f01de73e627a6a7'
const correlationTag = 's7k2m9qd4x'

const exampleBody = {
  instanceServiceName: `Instances_2205113838-sy${correlationTag}`,
  description: '',
  taskType: 'ssh',
  acceleratorType: 'gpu',
  version: 'jupyter:4.4-py3.7-cpu',
  imagePath: '10.0.35.26:5000/gpu/admin/base/jupyter:4.4-py3.7-cpu',
  timeoutLimit: 'unlimited',
  taskNumber: 1,
  resourceGroup: 'TeslaM40',
  useStartScript: false,
  startScriptActionScope: 'all',
  startScriptContent: '',
  cpuNumber: 3,
  ramSize: 15360,
  gpuNumber: 1,
  mountInfoList: [{ sourcePath: '/public1/home/lizb0530d/test_mount', targetPath: '/mnt/test_mount', type: 'data' }],
  containerPortInfoList: [{ protocolType: 'HTTP', containerPort: '18888' }],
}

describe('SCNet container create', () => {
  it("sends the vendor's example byte for byte", async () => {
    stub.server.on(create, ok(id))
    const driver = stub.environment()
    const intent = environmentIntent(stub.clock, spec, correlationTag)
    expect(await driver.create(intent, signal)).toEqual({ remoteId: id })
    expect(stub.calls()).toEqual([[create, JSON.stringify(exampleBody)]])
    expect(stub.server.requests.at(-1)?.headers).toMatchObject({
      token: firstToken,
      'content-type': 'application/json',
    })
    expect(driver.plan(intent)).toEqual({
      method: 'POST',
      target: `${base}/task`,
      headers: { 'content-type': 'application/json' },
      body: exampleBody,
    })
  })

  it("converts omitted fields, scripts and ports to the vendor's format", async () => {
    stub.server.on(create, ok(id))
    const driver = stub.environment({ defaultResourceGroup: 'cpu-group' })
    const requested: EnvironmentSpec = {
      name: 'x',
      image: 'python:3',
      interfaces: ['vscode'],
      resources: { cpus: 1, memoryMiB: 512, nodes: 2 },
      environmentVariables: { GREETING: "it's" },
      startupScript: 'echo $GREETING',
      startupScriptScope: 'first',
      autoStop: { afterSeconds: 1_296_000 },
      ports: [{ port: 22, protocol: 'ssh' }],
      providerOptions: { scnet: { version: 'python' } },
    }
    expect(checkSpec({ provider: 'scnet', ...driver }, withDefaults(driver.accepts, requested))).toEqual([])
    await driver.create(environmentIntent(stub.clock, withDefaults(driver.accepts, requested), correlationTag), signal)
    expect(JSON.parse(stub.calls()[0]?.[1] ?? '')).toEqual({
      ...exampleBody,
      instanceServiceName: `x-sy${correlationTag}`,
      taskType: 'codeserver',
      acceleratorType: 'cpu',
      gpuNumber: 0,
      version: 'python',
      imagePath: 'python:3',
      timeoutLimit: '360:00:00',
      taskNumber: 2,
      resourceGroup: 'cpu-group',
      useStartScript: true,
      startScriptActionScope: 'header',
      startScriptContent: "export GREETING='it'\\''s'\necho $GREETING\n",
      cpuNumber: 1,
      ramSize: 512,
      mountInfoList: undefined,
      containerPortInfoList: [{ protocolType: 'SSH', containerPort: '22' }],
    })
  })

  it('adds the correlation tag to the description if the connection is configured so', async () => {
    stub.server.on(create, ok(id))
    const intent = environmentIntent(stub.clock, { ...spec, description: 'mine' }, correlationTag)
    await stub.environment({ tagField: 'description' }).create(intent, signal)
    expect(JSON.parse(stub.calls()[0]?.[1] ?? '')).toMatchObject({
      instanceServiceName: 'Instances_2205113838',
      description: `mine [sy:${correlationTag}]`,
    })
  })

  it('returns no remote id if the response contains none', async () => {
    stub.server.on(create, ok(null))
    expect(await stub.environment().create(environmentIntent(stub.clock, spec, correlationTag), signal)).toEqual({
      remoteId: null,
    })
  })

  it.each([
    ['10003', 'invalid_request'],
    ['10004', 'invalid_request'],
    ['10007', 'permission_denied'],
    ['10009', 'permission_denied'],
    ['10010', 'invalid_request'],
    ['10011', 'invalid_request'],
    // Possibly created by an earlier attempt: recovery runs first, and the error is final if it finds nothing.
    ['716865', 'conflict'],
    ['10001', 'internal'],
    ['10012', 'unavailable'],
    ['10013', 'timeout'],
    ['10014', 'outcome_unknown'],
    ['716020', 'internal'],
    ['816304', 'bad_response'],
  ])('maps error %s to %s with any HTTP status', async (code, providerErrorCode) => {
    for (const status of [200, 400, 500]) {
      stub.server.once(create, { ...failed(code, '参数无效'), status })
      const error = await failureOf(
        stub.environment().create(environmentIntent(stub.clock, spec, correlationTag), signal),
      )
      expect(error).toMatchObject({ code: providerErrorCode, providerCode: code, httpStatus: status, notSent: false })
      expect(error.message).toContain('参数无效')
    }
  })

  it.each([
    ['a numeric code', { body: { code: 10004, msg: 'x' } }, 'invalid_request'],
    [
      'an error without a code',
      { status: 400, body: { timestamp: 'x', status: 400, error: 'Bad Request', path: '/v2' } },
      'bad_response',
    ],
    ["a proxy's page", { status: 502, body: '<html>bad gateway</html>' }, 'unavailable'],
    ["a proxy's page with HTTP 200", { body: '<html>' }, 'bad_response'],
    ['a truncated body', { body: '{"code":"0","da' }, 'bad_response'],
    ['a rate limit', { status: 429, headers: { 'retry-after': '7' }, body: '' }, 'outcome_unknown'],
    ['a lost response', { isReset: true as const }, 'unavailable'],
  ])('is handled as an unknown outcome, unless documented, after %s', async (_what, response, providerErrorCode) => {
    stub.server.on(create, response)
    const error = await failureOf(
      stub.environment().create(environmentIntent(stub.clock, spec, correlationTag), signal),
    )
    expect(error.code).toBe(providerErrorCode)
    if (error.code !== 'invalid_request') expect(failureDecisionOf('create', error)).toBe('find')
  })

  it('is not sent after its deadline', async () => {
    const driver = stub.environment({ aiUrl: stub.server.url })
    const intent = environmentIntent(stub.clock, spec, correlationTag)
    stub.clock.advance(5001)
    expect(await failureOf(driver.create(intent, signal))).toMatchObject({ code: 'timeout', notSent: true })
    expect(stub.calls()).toEqual([])
  })
})

describe('SCNet container spec', () => {
  const problems = (requested: EnvironmentSpec, settings = {}) => {
    const driver = stub.environment(settings)
    return checkSpec({ provider: 'scnet', ...driver }, withDefaults(driver.accepts, requested)).map(
      ({ pointer }) => pointer,
    )
  }

  it('requires an image, cpus, memory and a resource group', () => {
    expect(problems({ name: 'x' })).toEqual(['/image', '/queue', '/resources/cpus', '/resources/memoryMiB'])
  })

  it('rejects unsupported fields and values', () => {
    const more: Partial<EnvironmentSpec> = {
      ports: [{ port: 1, protocol: 'tcp' }],
      interfaces: ['ssh', 'jupyter'],
      autoStop: { afterSeconds: 300, basis: 'idle' },
      environmentVariables: { A: '1' },
      storage: { sizeGiB: 1 },
      resources: { cpus: 1, memoryMiB: 1, accelerator: { kind: 'npu', count: 1 } },
    }
    expect(problems({ ...spec, ...more })).toEqual([
      '/resources/accelerator/kind',
      '/ports/0/protocol',
      '/interfaces',
      '/storage',
      '/autoStop/basis',
      '/environmentVariables',
    ])
  })
})
