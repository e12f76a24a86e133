import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { containerExample } from './scnet-client.ts'
import { startScnet } from './scnet-sandbox.ts'

const net = forEachTest(startScnet, ({ sandbox }) => sandbox.close())

const service = '/ai/openapi/v2/instance-service'
const task = `${service}/task`
const createContainer = async (changes: object = {}): Promise<string> => (await net.create(changes)).json.data
const statusOf = async (id: string): Promise<string> => (await net.container(id)).status
const script = (startScriptContent: string) => ({ useStartScript: true, startScriptContent })

describe('SCNet sandbox container create', () => {
  it('accepts the documented example and returns only an id of 32 hex digits', async () => {
    const { status, json } = await net.create()
    expect(status).toBe(200)
    expect(json).toEqual({ code: '0', msg: 'success', data: expect.stringMatching(/^[0-9a-f]{32}$/) })
  })

  it.each(
    Object.keys(containerExample).filter(
      (name) => !['description', 'startScriptContent', 'mountInfoList', 'containerPortInfoList'].includes(name),
    ),
  )('requires %s', async (name) => {
    const reply = await net.create({ [name]: undefined })
    expect(reply).toMatchObject({ status: 200, json: { code: '10003', msg: `参数不全: ${name}`, data: null } })
  })

  it.each([
    ['taskType', 'vnc'],
    ['acceleratorType', 'tpu'],
    ['timeoutLimit', '1:00:00'],
    ['timeoutLimit', '01:60:00'],
    ['timeoutLimit', '3600'],
    ['taskNumber', '1'],
    ['cpuNumber', 0],
    ['gpuNumber', -1],
    ['ramSize', 1.5],
    ['useStartScript', 'false'],
    ['startScriptActionScope', 'first'],
    ['mountInfoList', [{ sourcePath: '/a', targetPath: '/b', type: 'nfs' }]],
    ['containerPortInfoList', [{ containerPort: '80', protocolType: 'TCP' }]],
    ['containerPortInfoList', [{ containerPort: '65536', protocolType: 'HTTP' }]],
    ['containerPortInfoList', [{ containerPort: 0, protocolType: 'HTTP' }]],
    ['containerPortInfoList', [{ containerPort: 'http', protocolType: 'HTTP' }]],
  ])('rejects %s = %j', async (name, value) => {
    const { json } = await net.create({ [name]: value })
    expect(json).toMatchObject({ code: '10004', msg: expect.stringContaining(name) })
  })

  it.each([
    [{ mountInfoList: [{ sourcePath: '/a', type: 'data' }] }, 'mountInfoList[0].targetPath'],
    [{ containerPortInfoList: [{ protocolType: 'SSH' }] }, 'containerPortInfoList[0].containerPort'],
    [{ useStartScript: true, startScriptContent: '' }, 'startScriptContent'],
    [{ instanceServiceName: '' }, 'instanceServiceName'],
  ])('reports a missing nested field (case %#)', async (changes, field) => {
    expect((await net.create(changes)).json).toMatchObject({ code: '10003', msg: `参数不全: ${field}` })
  })

  it('accepts a port as string or number, unless configured otherwise', async () => {
    const ports = (containerPort: unknown) => ({ containerPortInfoList: [{ containerPort, protocolType: 'HTTP' }] })
    const codes = async () => [(await net.create(ports('8080'))).json.code, (await net.create(ports(8080))).json.code]
    expect(await codes()).toEqual(['0', '0'])
    net.settings.containerPortType = 'string'
    expect(await codes()).toEqual(['0', '10004'])
    net.settings.containerPortType = 'int'
    expect(await codes()).toEqual(['10004', '0'])
  })

  it('accepts any name twice, unless names must be unique', async () => {
    expect((await net.create({ instanceServiceName: '任意 name/1' })).json.code).toBe('0')
    expect((await net.create()).json.code).toBe('0')
    expect((await net.create()).json.code).toBe('0')
    net.settings.uniqueNames = true
    expect((await net.create()).json).toMatchObject({ code: '716865', msg: expect.stringContaining('创建任务错误') })
  })

  it('accepts unknown fields, groups and any size, unless configured otherwise', async () => {
    const requests = [{ colour: 'blue' }, { resourceGroup: 'H100' }, { gpuNumber: 9 }, script('a\nb')]
    const codes = async () => Promise.all(requests.map(async (changes) => (await net.create(changes)).json.code))
    expect(await codes()).toEqual(['0', '0', '0', '0'])
    Object.assign(net.settings, { refuseUnknownFields: true, checkResources: true, scriptLinesMustEnd: true })
    expect(await codes()).toEqual(['10004', '716865', '716865', '10004'])
    expect((await net.create(script('a\nb\n'))).json.code).toBe('0')
  })
})

describe('SCNet sandbox container', () => {
  it('is Waiting, Deploying, then Running', async () => {
    const id = await createContainer()
    const seen = [await statusOf(id)]
    for (const step of [150, 150, 3_600_000]) {
      net.time.ms += step
      seen.push(await statusOf(id))
    }
    expect(seen).toEqual(['Waiting', 'Deploying', 'Running', 'Running'])
  })

  it('contains the requested values, null times and "--" until it runs', async () => {
    const id = await createContainer({ timeoutLimit: '360:00:00' })
    expect(await net.container(id)).toMatchObject({
      id,
      instanceServiceName: containerExample.instanceServiceName,
      taskNumber: 1,
      timeoutLimit: '360:00:00',
      userName: net.account.clusterUser,
      createTime: '2026-01-05 08:00:00',
      startTime: null,
      endTime: null,
      duration: '--',
      remainingTime: '--',
      containerPortInfoList: [{ accessUrl: '', containerPort: '18888', protocolType: 'HTTP' }],
      mountInfoList: containerExample.mountInfoList,
    })
    net.time.ms += 300 + 12 * 60_000
    const running = await net.container(id)
    expect(running).toMatchObject({
      startTime: '2026-01-05 08:00:00',
      endTime: null,
      duration: '0d 0h 12m',
      remainingTime: '14d 23h 48m',
    })
    expect(running.containerPortInfoList[0].accessUrl).toMatch(/^https:/)
    expect(running).not.toHaveProperty('exitCode')
    net.settings.taskNumberIsString = true
    expect((await net.container(id)).taskNumber).toBe('1')
  })

  it('is ended by its timeoutLimit', async () => {
    const id = await createContainer({ timeoutLimit: '01:00:00' })
    net.time.ms += 300 + 3_599_999
    expect(await statusOf(id)).toBe('Running')
    net.time.ms += 1
    expect(await net.container(id)).toMatchObject({ status: 'Terminated', endTime: '2026-01-05 09:00:00' })
    net.settings.timeoutEndState = 'Completed'
    const other = await createContainer({ timeoutLimit: '00:00:01' })
    net.time.ms += 1300
    expect(await statusOf(other)).toBe('Completed')
  })

  it.each([
    ['echo hi; exit 0', 'Completed'],
    ['exit 3', 'Failed'],
    ['false\nexit $?', 'Failed'],
    ['pip install x', 'Running'],
    ['cd /x || exit 1', 'Running'],
    ['if test -e x; then exit 1; fi', 'Running'],
  ])('with the start script %j changes to %s', async (content, state) => {
    const id = await createContainer(script(content))
    net.time.ms += 700
    expect(await statusOf(id)).toBe(state)
  })

  it('runs for the duration of its script, and ends with it if configured', async () => {
    net.settings.scriptsEndContainers = true
    const ids = [
      await createContainer(script('sleep 60')),
      await createContainer(script('false')),
      await createContainer(),
    ] as const
    net.time.ms += 60_299
    expect(await Promise.all(ids.map(statusOf))).toEqual(['Running', 'Failed', 'Running'])
    net.time.ms += 1
    expect(await statusOf(ids[0])).toBe('Completed')
  })

  it('fails for a missing image', async () => {
    const id = await createContainer({ imagePath: '10.0.35.26:5000/base/no-such-image:1' })
    net.time.ms += 300
    expect(await net.container(id)).toMatchObject({ status: 'Failed', startTime: null })
  })

  it('is invisible to other users', async () => {
    const id = await createContainer()
    const [other] = net.sandbox.otherAccounts.scnet
    const token = (await net.tokens(other))['11112'] ?? ''
    expect((await net.call('GET', `${service}/${id}/detail`, { token })).json.code).toBe('10004')
    expect((await net.call('POST', `${task}/actions/stop?ids=${id}`, { token })).json.code).toBe('716867')
    expect((await net.call('DELETE', `${task}?ids=${id}`, { token })).json.code).toBe('716866')
  })

  it('returns a code, or success with null, if it is unknown', async () => {
    expect((await net.call('GET', `${service}/${'0'.repeat(32)}/detail`)).json).toMatchObject({
      code: '10004',
      data: null,
    })
    net.settings.unknownIdCode = '0'
    expect((await net.call('GET', `${service}/${'0'.repeat(32)}/detail`)).json).toEqual({
      code: '0',
      msg: 'success',
      data: null,
    })
  })
})
