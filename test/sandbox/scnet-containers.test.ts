import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { containerExample, send } from './scnet-client.ts'
import { startScnet } from './scnet-sandbox.ts'

let net: Awaited<ReturnType<typeof startScnet>>
beforeEach(async () => {
  net = await startScnet()
})
afterEach(() => net.sandbox.close())

const service = '/ai/openapi/v2/instance-service'
const task = `${service}/task`
const made = async (changes: object = {}): Promise<string> => (await net.create(changes)).json.data
const statusOf = async (id: string): Promise<string> => (await net.container(id)).status
const stop = (query: string) => net.call('POST', `${task}/actions/stop?${query}`)
const restart = (id: string) => net.call('POST', `${task}/actions/restart?instanceServiceId=${id}`)
const script = (startScriptContent: string) => ({ useStartScript: true, startScriptContent })

describe('create', () => {
  it("takes the documents' example and answers with an id of 32 hex digits alone", async () => {
    const { status, json } = await net.create()
    expect(status).toBe(200)
    expect(json).toEqual({ code: '0', msg: 'success', data: expect.stringMatching(/^[0-9a-f]{32}$/) })
  })

  it.each(
    Object.keys(containerExample).filter(
      (name) => !['description', 'startScriptContent', 'mountInfoList', 'containerPortInfoList'].includes(name),
    ),
  )('asks for %s', async (name) => {
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
  ])('refuses %s = %j', async (name, value) => {
    const { json } = await net.create({ [name]: value })
    expect(json).toMatchObject({ code: '10004', msg: expect.stringContaining(name) })
  })

  it.each([
    [{ mountInfoList: [{ sourcePath: '/a', type: 'data' }] }, 'mountInfoList[0].targetPath'],
    [{ containerPortInfoList: [{ protocolType: 'SSH' }] }, 'containerPortInfoList[0].containerPort'],
    [{ useStartScript: true, startScriptContent: '' }, 'startScriptContent'],
    [{ instanceServiceName: '' }, 'instanceServiceName'],
  ])('names what is missing inside (case %#)', async (changes, named) => {
    expect((await net.create(changes)).json).toMatchObject({ code: '10003', msg: `参数不全: ${named}` })
  })

  it('takes a port as a string or a number, unless told which', async () => {
    const ports = (containerPort: unknown) => ({ containerPortInfoList: [{ containerPort, protocolType: 'HTTP' }] })
    const codes = async () => [(await net.create(ports('8080'))).json.code, (await net.create(ports(8080))).json.code]
    expect(await codes()).toEqual(['0', '0'])
    net.settings.containerPortType = 'string'
    expect(await codes()).toEqual(['0', '10004'])
    net.settings.containerPortType = 'int'
    expect(await codes()).toEqual(['10004', '0'])
  })

  it('takes any name twice, unless names must be unique', async () => {
    expect((await net.create({ instanceServiceName: '任意 name/1' })).json.code).toBe('0')
    expect((await net.create()).json.code).toBe('0')
    expect((await net.create()).json.code).toBe('0')
    net.settings.uniqueNames = true
    expect((await net.create()).json).toMatchObject({ code: '716865', msg: expect.stringContaining('创建任务错误') })
  })

  it('takes unknown fields, groups and any size, unless told to look', async () => {
    const asked = [{ colour: 'blue' }, { resourceGroup: 'H100' }, { gpuNumber: 9 }, script('a\nb')]
    const codes = async () => Promise.all(asked.map(async (changes) => (await net.create(changes)).json.code))
    expect(await codes()).toEqual(['0', '0', '0', '0'])
    Object.assign(net.settings, { refuseUnknownFields: true, checkResources: true, scriptLinesMustEnd: true })
    expect(await codes()).toEqual(['10004', '716865', '716865', '10004'])
    expect((await net.create(script('a\nb\n'))).json.code).toBe('0')
  })
})

describe('an instance', () => {
  it('moves from Waiting over Deploying to Running and stays', async () => {
    const id = await made()
    const seen = [await statusOf(id)]
    for (const step of [150, 150, 3_600_000]) {
      net.time.ms += step
      seen.push(await statusOf(id))
    }
    expect(seen).toEqual(['Waiting', 'Deploying', 'Running', 'Running'])
  })

  it('shows what was asked, null times and "--" until it runs', async () => {
    const id = await made({ timeoutLimit: '360:00:00' })
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

  it('is really ended by its timeoutLimit', async () => {
    const id = await made({ timeoutLimit: '01:00:00' })
    net.time.ms += 300 + 3_599_999
    expect(await statusOf(id)).toBe('Running')
    net.time.ms += 1
    expect(await net.container(id)).toMatchObject({ status: 'Terminated', endTime: '2026-01-05 09:00:00' })
    net.settings.timeoutEndState = 'Completed'
    const other = await made({ timeoutLimit: '00:00:01' })
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
  ])('with the start script %j comes to %s', async (content, state) => {
    const id = await made(script(content))
    net.time.ms += 700
    expect(await statusOf(id)).toBe(state)
  })

  it('runs as long as its script sleeps, and ends with it always when told so', async () => {
    net.settings.scriptsEndContainers = true
    const ids = [await made(script('sleep 60')), await made(script('false')), await made()] as const
    net.time.ms += 60_299
    expect(await Promise.all(ids.map(statusOf))).toEqual(['Running', 'Failed', 'Running'])
    net.time.ms += 1
    expect(await statusOf(ids[0])).toBe('Completed')
  })

  it('fails to deploy an image that is not there', async () => {
    const id = await made({ imagePath: '10.0.35.26:5000/base/no-such-image:1' })
    net.time.ms += 300
    expect(await net.container(id)).toMatchObject({ status: 'Failed', startTime: null })
  })

  it('is nobody else’s', async () => {
    const id = await made()
    const [other] = net.sandbox.otherAccounts.scnet
    const token = (await net.tokens(other))['11112'] ?? ''
    expect((await net.call('GET', `${service}/${id}/detail`, { token })).json.code).toBe('10004')
    expect((await net.call('POST', `${task}/actions/stop?ids=${id}`, { token })).json.code).toBe('716867')
    expect((await net.call('DELETE', `${task}?ids=${id}`, { token })).json.code).toBe('716866')
  })

  it('that is unknown answers a code, or success with null', async () => {
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

describe('actions', () => {
  it('stop several by repeated ids, a moment later', async () => {
    const ids = [await made(), await made(), await made()] as const
    net.time.ms += 300
    expect((await stop(`ids=${ids[0]}&ids=${ids[1]}`)).json).toEqual({ code: '0', msg: 'success', data: null })
    expect(await statusOf(ids[0])).toBe('Running')
    net.time.ms += 150
    expect(await Promise.all(ids.map(statusOf))).toEqual(['Terminated', 'Terminated', 'Running'])
  })

  it('stop none when one id is unknown, and read commas as part of an id', async () => {
    const ids = [await made(), await made()] as const
    expect((await stop(`ids=${ids[0]}&ids=nothing`)).json.code).toBe('716867')
    expect((await stop(`ids=${ids.join(',')}`)).json.code).toBe('716867')
    expect((await stop('')).json.code).toBe('10003')
    net.time.ms += 1000
    expect(await statusOf(ids[0])).toBe('Running')
  })

  it('restart what has ended: it waits again, with new times', async () => {
    const id = await made({ timeoutLimit: '00:01:00' })
    net.time.ms += 300
    await stop(`ids=${id}`)
    net.time.ms += 10_000
    expect((await restart(id)).json).toEqual({ code: '0', msg: 'success', data: id })
    expect(await net.container(id)).toMatchObject({ status: 'Waiting', startTime: null, endTime: null, duration: '--' })
    net.time.ms += 300
    expect(await net.container(id)).toMatchObject({ status: 'Running', startTime: '2026-01-05 08:00:10' })
    net.time.ms += 60_000
    expect(await statusOf(id)).toBe('Terminated')
    expect((await restart('nothing')).json.code).toBe('716868')
  })

  it('that change nothing succeed, or are refused when strict', async () => {
    const id = await made()
    const codes = async () => [(await restart(id)).json.code, (await stop(`ids=${id}`)).json.code]
    await stop(`ids=${id}`)
    net.time.ms += 150
    expect((await stop(`ids=${id}`)).json.code).toBe('0')
    net.settings.refuseNoopActions = true
    expect((await stop(`ids=${id}`)).json.code).toBe('716867')
    expect(await codes()).toEqual(['0', '0'])
    expect((await restart(id)).json.code).toBe('716868')
  })

  it('delete several, living ones too unless strict', async () => {
    const ids = [await made(), await made(), await made()] as const
    expect((await net.call('DELETE', `${task}?ids=${ids[0]}&ids=${ids[1]}`)).json.code).toBe('0')
    expect((await net.call('GET', `${service}/${ids[0]}/detail`)).json.code).toBe('10004')
    expect((await net.call('DELETE', `${task}?ids=${ids[0]}`)).json.code).toBe('716866')
    net.settings.refuseDeleteOfLive = true
    expect((await net.call('DELETE', `${task}?ids=${ids[2]}`)).json.code).toBe('716866')
    await stop(`ids=${ids[2]}`)
    net.time.ms += 150
    expect((await net.call('DELETE', `${task}?ids=${ids[2]}`)).json.code).toBe('0')
  })

  it('hand a script to what runs only', async () => {
    const id = await made()
    const execute = (startScriptActionScope: string) =>
      net.call('POST', `${task}/actions/execute-script`, {
        json: { id, startScriptContent: 'ls\n', startScriptActionScope },
      })
    expect((await execute('all')).json.code).toBe('716864')
    net.time.ms += 300
    expect((await execute('all')).json).toEqual({ code: '0', msg: 'success', data: null })
    expect((await execute('some')).json.code).toBe('10004')
  })
})

describe('lists', () => {
  it('are a GET with a JSON body, newest first, by page', async () => {
    const ids = [await made(), await made({ instanceServiceName: 'second' }), await made()]
    const { json } = await net.list({ start: 1, limit: 2, status: null, instanceServiceName: null })
    expect(json.data.total).toBe(3)
    expect(json.data.list.map(({ id }: { id: string }) => id)).toEqual([ids[1], ids[0]])
  })

  it.each([
    [{ instanceServiceName: 'second' }, 1],
    [{ instanceServiceName: ['second', 'first'] }, 2],
    [{ instanceServiceName: 'nobody' }, 0],
    [{ instanceServiceName: 's' }, 2],
    [{ status: 'Waiting' }, 2],
    [{ status: 'Running' }, 0],
    [{ taskType: 'jupyter' }, 1],
  ])('filter by %j', async (filter, total) => {
    await made({ instanceServiceName: 'first' })
    await made({ instanceServiceName: 'second', taskType: 'jupyter' })
    expect((await net.list(filter)).json.data.total).toBe(total)
  })

  it('can filter names exactly, or not at all', async () => {
    await made({ instanceServiceName: 'first' })
    net.settings.nameFilter = 'exact'
    expect((await net.list({ instanceServiceName: 'fir' })).json.data.total).toBe(0)
    net.settings.nameFilter = 'ignored'
    expect((await net.list({ instanceServiceName: 'fir' })).json.data.total).toBe(1)
  })

  it.each([
    [{ limit: undefined }, '10003'],
    [{ sort: undefined }, '10003'],
    [{ sort: 'up' }, '10004'],
    [{ limit: -1 }, '10004'],
  ])('refuse %j', async (filter, code) => {
    expect((await net.list(filter)).json.code).toBe(code)
  })

  it('without a body are a framework error', async () => {
    const { status, json } = await net.call('GET', task)
    expect(status).toBe(400)
    expect(json).toEqual({
      timestamp: expect.any(String),
      status: 400,
      error: 'Bad Request',
      path: '/v2/instance-service/task',
    })
  })

  it('come as task/list with a query when told so', async () => {
    await made()
    const byQuery = () => net.call('GET', `${task}/list?start=0&limit=10&sort=desc&status=Waiting`)
    expect((await byQuery()).status).toBe(404)
    net.settings.listForm = 'both'
    expect((await byQuery()).json.data.total).toBe(1)
    net.settings.listForm = 'query'
    expect((await byQuery()).json.data.total).toBe(1)
    expect((await net.list()).status).toBe(404)
  })

  it('come as task with a query and no body when told so', async () => {
    await made()
    const byQuery = () => net.call('GET', `${task}?start=0&limit=10&sort=desc&status=Waiting`)
    expect((await byQuery()).status).toBe(400)
    net.settings.listForm = 'taskQuery'
    expect((await byQuery()).json.data.total).toBe(1)
    expect((await net.list()).status).toBe(404)
    net.settings.listForm = 'any'
    expect((await byQuery()).json.data.total).toBe(1)
    expect((await net.list()).json.data.total).toBe(1)
    expect((await net.call('GET', `${task}/list?start=0&limit=10&sort=desc`)).json.data.total).toBe(1)
  })

  it.each(['records', 'items', 'rows'])('can hold their items under %s', async (key) => {
    await made()
    net.settings.listKey = key
    expect((await net.list()).json.data).toEqual({ total: 1, [key]: [expect.any(Object)] })
  })

  it('can be an array, and lag', async () => {
    Object.assign(net.settings, { listKey: 'array', listLagMs: 1000 })
    const id = await made()
    expect((await net.list()).json.data).toEqual([])
    expect(await statusOf(id)).toBe('Waiting')
    net.time.ms += 1000
    expect((await net.list()).json.data).toEqual([expect.objectContaining({ id })])
  })

  it('of one region show nothing of another', async () => {
    await made()
    const token = (await net.tokens())['11276'] ?? ''
    const json = { start: 0, limit: 10, sort: 'desc' }
    expect((await send('GET', `${net.url}/regions/11276${task}`, { token, json })).json.data.total).toBe(0)
  })
})

describe('supporting reads', () => {
  it('give the URL of a tool that runs, with its secret for Jupyter', async () => {
    const id = await made({ taskType: 'jupyter' })
    const url = async () => (await net.call('GET', `${service}/${id}/url`)).json.data
    expect(await url()).toBeNull()
    net.time.ms += 300
    expect(await url()).toMatch(/^https:\/\/jupyter-.*\?token=/)
  })

  it('tell the groups and what one instance may take of them', async () => {
    const groups = (await net.call('GET', `${service}/resource-group`)).json.data
    expect(groups).toContainEqual({ resourceGroup: 'TeslaM40', acceleratorType: 'gpu' })
    const limits = (query: string) => net.call('GET', `${service}/resources?${query}`)
    expect((await limits('acceleratorType=dcu&resourceGroup=Z100L')).json.data).toMatchObject({
      resourceGroup: 'Z100L',
      gpuNumber: 4,
      dcuLimits: 4,
      nvLimits: 0,
      userName: net.account.clusterUser,
    })
    expect((await limits('acceleratorType=dcu')).json.code).toBe('10003')
    expect((await limits('acceleratorType=dcu&resourceGroup=none')).json.code).toBe('10004')
  })
})
