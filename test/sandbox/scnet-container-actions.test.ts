import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { send } from './scnet-client.ts'
import { startScnet } from './scnet-sandbox.ts'

const net = forEachTest(startScnet, ({ sandbox }) => sandbox.close())

const service = '/ai/openapi/v2/instance-service'
const task = `${service}/task`
const createContainer = async (changes: object = {}): Promise<string> => (await net.create(changes)).json.data
const statusOf = async (id: string): Promise<string> => (await net.container(id)).status
const stop = (query: string) => net.call('POST', `${task}/actions/stop?${query}`)
const restart = (id: string) => net.call('POST', `${task}/actions/restart?instanceServiceId=${id}`)

describe('SCNet sandbox container actions', () => {
  it('stop several containers by repeated ids, with a delay', async () => {
    const ids = [await createContainer(), await createContainer(), await createContainer()] as const
    net.time.ms += 300
    expect((await stop(`ids=${ids[0]}&ids=${ids[1]}`)).json).toEqual({ code: '0', msg: 'success', data: null })
    expect(await statusOf(ids[0])).toBe('Running')
    net.time.ms += 150
    expect(await Promise.all(ids.map(statusOf))).toEqual(['Terminated', 'Terminated', 'Running'])
  })

  it('stop none if one id is unknown, and do not split ids at commas', async () => {
    const ids = [await createContainer(), await createContainer()] as const
    expect((await stop(`ids=${ids[0]}&ids=nothing`)).json.code).toBe('716867')
    expect((await stop(`ids=${ids.join(',')}`)).json.code).toBe('716867')
    expect((await stop('')).json.code).toBe('10003')
    net.time.ms += 1000
    expect(await statusOf(ids[0])).toBe('Running')
  })

  it('restart an ended container, which waits again with new times', async () => {
    const id = await createContainer({ timeoutLimit: '00:01:00' })
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

  it('succeed without effect, or are rejected when strict', async () => {
    const id = await createContainer()
    const codes = async () => [(await restart(id)).json.code, (await stop(`ids=${id}`)).json.code]
    await stop(`ids=${id}`)
    net.time.ms += 150
    expect((await stop(`ids=${id}`)).json.code).toBe('0')
    net.settings.refuseNoopActions = true
    expect((await stop(`ids=${id}`)).json.code).toBe('716867')
    expect(await codes()).toEqual(['0', '0'])
    expect((await restart(id)).json.code).toBe('716868')
  })

  it('delete several containers, including live ones unless strict', async () => {
    const ids = [await createContainer(), await createContainer(), await createContainer()] as const
    expect((await net.call('DELETE', `${task}?ids=${ids[0]}&ids=${ids[1]}`)).json.code).toBe('0')
    expect((await net.call('GET', `${service}/${ids[0]}/detail`)).json.code).toBe('10004')
    expect((await net.call('DELETE', `${task}?ids=${ids[0]}`)).json.code).toBe('716866')
    net.settings.refuseDeleteOfLive = true
    expect((await net.call('DELETE', `${task}?ids=${ids[2]}`)).json.code).toBe('716866')
    await stop(`ids=${ids[2]}`)
    net.time.ms += 150
    expect((await net.call('DELETE', `${task}?ids=${ids[2]}`)).json.code).toBe('0')
  })

  it('execute a script in running containers only', async () => {
    const id = await createContainer()
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

describe('SCNet sandbox container lists', () => {
  it('are read by GET with a JSON body, newest first, by page', async () => {
    const ids = [
      await createContainer(),
      await createContainer({ instanceServiceName: 'second' }),
      await createContainer(),
    ]
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
    await createContainer({ instanceServiceName: 'first' })
    await createContainer({ instanceServiceName: 'second', taskType: 'jupyter' })
    expect((await net.list(filter)).json.data.total).toBe(total)
  })

  it('filter names exactly, or not at all, by setting', async () => {
    await createContainer({ instanceServiceName: 'first' })
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
  ])('reject %j', async (filter, code) => {
    expect((await net.list(filter)).json.code).toBe(code)
  })

  it('return a framework error without a body', async () => {
    const { status, json } = await net.call('GET', task)
    expect(status).toBe(400)
    expect(json).toEqual({
      timestamp: expect.any(String),
      status: 400,
      error: 'Bad Request',
      path: '/v2/instance-service/task',
    })
  })

  it('are served at task/list with a query if configured', async () => {
    await createContainer()
    const byQuery = () => net.call('GET', `${task}/list?start=0&limit=10&sort=desc&status=Waiting`)
    expect((await byQuery()).status).toBe(404)
    net.settings.listForm = 'both'
    expect((await byQuery()).json.data.total).toBe(1)
    net.settings.listForm = 'query'
    expect((await byQuery()).json.data.total).toBe(1)
    expect((await net.list()).status).toBe(404)
  })

  it('are served at task with a query instead of a body if configured', async () => {
    await createContainer()
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

  it.each(['records', 'items', 'rows'])('contain their items under %s if configured', async (key) => {
    await createContainer()
    net.settings.listKey = key
    expect((await net.list()).json.data).toEqual({ total: 1, [key]: [expect.any(Object)] })
  })

  it('are an array and lag if configured', async () => {
    Object.assign(net.settings, { listKey: 'array', listLagMs: 1000 })
    const id = await createContainer()
    expect((await net.list()).json.data).toEqual([])
    expect(await statusOf(id)).toBe('Waiting')
    net.time.ms += 1000
    expect((await net.list()).json.data).toEqual([expect.objectContaining({ id })])
  })

  it('of one region omit containers of another', async () => {
    await createContainer()
    const token = (await net.tokens())['11276'] ?? ''
    const json = { start: 0, limit: 10, sort: 'desc' }
    expect((await send('GET', `${net.url}/regions/11276${task}`, { token, json })).json.data.total).toBe(0)
  })
})

describe('SCNet sandbox container details', () => {
  it('contain the URL of a running tool, with the token of Jupyter', async () => {
    const id = await createContainer({ taskType: 'jupyter' })
    const url = async () => (await net.call('GET', `${service}/${id}/url`)).json.data
    expect(await url()).toBeNull()
    net.time.ms += 300
    expect(await url()).toMatch(/^https:\/\/jupyter-.*\?token=/)
  })

  it('contain the resource groups and the limits of an instance', async () => {
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
