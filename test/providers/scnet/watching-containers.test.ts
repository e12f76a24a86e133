import { describe, expect, it } from 'vitest'
import { badAddresses } from '../../support/bad-addresses.ts'
import { textOf } from '../../support/shown.ts'
import { spec } from './container-samples.ts'
import { environmentIntent, failed, failureOf, ok, signal, useScnetStub } from './scnet-stub.ts'

const stub = useScnetStub()
const base = '/ai/openapi/v2/instance-service'
const list = `GET ${base}/task`
const detail = (id: string) => `GET ${base}/${id}/detail`
const id = '530491fa7c8e47348f01de73e627a6a7'
const correlationTag = 's7k2m9qd4x'

const container = (more: object = {}) => ({
  id,
  instanceServiceName: `x-sy${correlationTag}`,
  status: 'Running',
  description: null,
  taskNumber: '1',
  startTime: '2025-12-01 21:00:00',
  endTime: null,
  duration: '--',
  remainingTime: '14d 23h 48m',
  timeoutLimit: '360:00:00',
  ...more,
})

/** The body of the list's request, as it must stand on the wire. */
const listBody = (start = 0) =>
  JSON.stringify({ status: null, instanceServiceName: null, start, limit: 100, sort: 'desc' })

describe('a container', () => {
  it.each([
    ['Waiting', 'provisioning'],
    ['Deploying', 'provisioning'],
    ['Running', 'running'],
    ['Terminated', 'stopped'],
    ['Completed', 'stopped'],
    ['Failed', 'failed'],
    ['Rebooting', null],
  ])('that is %s reads as %s', async (status, portable) => {
    stub.server.on(detail(id), ok(container({ status })))
    const seen = await stub.environment().get(id, signal)
    expect(seen).toMatchObject({
      remoteId: id,
      rawState: status,
      status: portable,
      correlationTag,
      remoteName: `x-sy${correlationTag}`,
    })
  })

  it('shows its times in the zone of the connection, and nothing that is null', async () => {
    stub.server.on(detail(id), ok(container()))
    const seen = await stub.environment().get(id, signal)
    expect(seen).toMatchObject({ startedAt: new Date('2025-12-01T13:00:00Z') })
    stub.server.on(detail(id), ok(container({ startTime: null, instanceServiceName: null })))
    const bare = await stub.environment({ timeOffset: '+00:00' }).get(id, signal)
    expect(Object.keys(bare)).toEqual(['remoteId', 'rawState', 'payload', 'status'])
  })

  it('that ran as long as its limit was stopped by it', async () => {
    const times = { timeoutLimit: '01:00:00', startTime: '2025-12-01 21:00:00', endTime: '2025-12-01 21:59:58' }
    stub.server.on(detail(id), ok(container({ status: 'Terminated', ...times })))
    expect(await stub.environment().get(id, signal)).toMatchObject({ status: 'stopped', reason: 'auto_stopped' })
  })

  it('keeps no start script in its payload, since it may hold secrets', async () => {
    stub.server.on(detail(id), ok(container({ startScriptContent: 'export PASSWORD=hunter2\n' })))
    const seen = await stub.environment().get(id, signal)
    expect(textOf(seen)).not.toContain('hunter2')
  })

  it.each([
    ['an error code', failed('10004', 'no such instance')],
    ['an internal error', failed('10001', 'internal')],
    ['an error without a code', { status: 404, body: { status: 404, error: 'Not Found' } }],
    ['nothing', ok(null)],
  ])('whose detail answers %s is gone when a whole list does not show it', async (_what, answer) => {
    stub.server.on(detail(id), answer)
    stub.server.once(list, ok({ total: 1, list: [container({ id: 'other' })] }))
    expect(await stub.environment().get(id, signal)).toBe('gone')
    stub.server.once(list, ok({ total: 1, list: [container()] }))
    expect(await stub.environment().get(id, signal)).toMatchObject({ remoteId: id, status: 'running' })
    stub.server.once(list, ok({ total: 5, list: [container({ id: 'other' })] }))
    stub.server.once(list, ok({ total: 5, list: [] }))
    expect((await failureOf(stub.environment().get(id, signal))).message).toContain('SCNet')
  })

  it.each([
    ['a failing server', { status: 503, body: '' }, 'unavailable'],
    ['a page', { body: '<html>' }, 'bad_response'],
    ['a frozen user', failed('10007', 'frozen'), 'permission_denied'],
  ])('is not asked for elsewhere after %s', async (_what, answer, code) => {
    stub.server.on(detail(id), answer)
    expect((await failureOf(stub.environment().get(id, signal))).code).toBe(code)
  })
})

describe('the list', () => {
  it('says which fields of a detail it does not show', async () => {
    const { duration, ...short } = container()
    stub.server.once(list, ok({ total: 1, list: [short] }))
    const { seen } = await stub.environment().list({ cursor: null, watched: [] }, signal)
    const omits = seen[0]?.omits ?? []
    expect(omits).toEqual(expect.arrayContaining(['duration', 'mountInfoList', 'imagePath']))
    expect(omits.filter((name) => name in short)).toEqual([])
  })

  it('is a GET with a body, page after page', async () => {
    stub.server.once(list, ok({ total: 2, list: [container({ id: 'a' })] }))
    stub.server.once(list, ok({ total: 2, list: [container({ id: 'b', status: 'Nap' })] }))
    const driver = stub.environment()
    const first = await driver.list({ cursor: null, watched: [] }, signal)
    const second = await driver.list({ cursor: first.next, watched: [] }, signal)
    expect([...first.seen, ...second.seen].map(({ remoteId, status }) => [remoteId, status])).toEqual([
      ['a', 'running'],
      ['b', null],
    ])
    expect(second.next).toBeNull()
    expect(stub.calls()).toEqual([
      [list, listBody(0)],
      [list, listBody(1)],
    ])
    expect(stub.server.requests.at(-1)?.headers['content-length']).toBe(String(listBody(1).length))
  })

  it('is a query where the connection says so', async () => {
    stub.server.on(`${list}/list?start=0&limit=100&sort=desc`, ok([container()]))
    const page = await stub.environment({ listForm: 'query' }).list({ cursor: null, watched: [] }, signal)
    expect(page.seen).toHaveLength(1)
    stub.server.on(`${list}?start=0&limit=100&sort=desc`, ok([container()]))
    const other = await stub.environment({ listForm: 'taskQuery' }).list({ cursor: null, watched: [] }, signal)
    expect(other.seen).toHaveLength(1)
  })
})

describe('a search', () => {
  const find = async (settings = {}) => {
    const intents = [
      environmentIntent(stub.clock, spec, correlationTag),
      environmentIntent(stub.clock, spec, 'a000000000'),
    ]
    return await stub.environment(settings).find(intents, signal)
  }

  it('looks for all correlation tags in one scan', async () => {
    stub.server.once(
      list,
      ok({ total: 3, records: [container(), container({ id: 'c2', instanceServiceName: 'mine' })] }),
    )
    stub.server.once(list, ok({ total: 3, records: [container({ id: 'c3', status: 'Waiting' })] }))
    const found = await find()
    expect(found.get(correlationTag)).toMatchObject({
      found: [{ remoteId: id }, { remoteId: 'c3', status: 'provisioning' }],
    })
    expect(found.get('a000000000')).toEqual({ absent: true })
    expect(stub.calls()).toHaveLength(2)
  })

  it('that could not read to the end concludes nothing', async () => {
    stub.server.once(list, ok({ total: 9, items: [container()] }))
    stub.server.once(list, ok({ total: 9, items: [] }))
    const found = await find()
    expect(found.get(correlationTag)).toMatchObject({ found: [{ remoteId: id }] })
    expect(found.get('a000000000')).toHaveProperty('inconclusive')
  })

  it('in a list that does not show where the correlation tag would be concludes nothing', async () => {
    stub.server.on(list, ok({ total: 1, list: [container({ description: undefined })] }))
    expect((await find({ tagField: 'description' })).get(correlationTag)).toHaveProperty('inconclusive')
    stub.server.on(list, ok({ total: 1, list: [container({ description: `mine [sy:${correlationTag}]` })] }))
    const found = await find({ tagField: 'description' })
    expect(found.get(correlationTag)).toMatchObject({ found: [{ remoteId: id }] })
    expect(found.get('a000000000')).toEqual({ absent: true })
  })

  it('in a list of unknown form fails', async () => {
    stub.server.on(list, ok({ count: 0, entries: [] }))
    expect((await failureOf(find())).code).toBe('bad_response')
  })
})

describe('verbs', () => {
  const start = `POST ${base}/task/actions/restart?instanceServiceId=${id}`
  const stop = `POST ${base}/task/actions/stop?ids=${id}`
  const remove = `DELETE ${base}/task?ids=${id}`

  it.each([
    ['start', start],
    ['stop', stop],
    ['delete', remove],
  ] as const)('%s is one call without a body', async (verb, route) => {
    stub.server.on(route, ok(id))
    await stub.environment().controls[verb]?.(id, signal)
    expect(stub.calls()).toEqual([[route, '']])
  })

  it.each([
    ['start', start, '716868', 'Waiting'],
    ['start', start, '716868', 'Running'],
    ['stop', stop, '716867', 'Terminated'],
    ['stop', stop, '716867', 'Completed'],
  ] as const)('%s of what is so already succeeds', async (verb, route, code, status) => {
    stub.server.on(route, failed(code, 'failed'))
    stub.server.on(detail(id), ok(container({ status })))
    await stub.environment().controls[verb]?.(id, signal)
  })

  it.each([
    ['stop', stop],
    ['delete', remove],
  ] as const)('%s of what is gone already succeeds', async (verb, route) => {
    stub.server.on(route, failed('716866', 'failed'))
    stub.server.on(detail(id), failed('10004', 'unknown'))
    stub.server.on(list, ok({ total: 0, list: [] }))
    await stub.environment().controls[verb]?.(id, signal)
  })

  it('refused otherwise says why, to be tried again', async () => {
    stub.server.on(remove, failed('716866', 'still running'))
    stub.server.on(detail(id), ok(container()))
    const error = await failureOf(stub.environment().controls.delete?.(id, signal) ?? Promise.resolve())
    expect(error).toMatchObject({ code: 'conflict', providerCode: '716866' })
    expect(error.message).toContain('still running')
  })
})

describe('access and catalog', () => {
  it('shows the web interface and the ports', async () => {
    const ports = [
      { accessUrl: 'https://h:1', containerPort: '18888', protocolType: 'HTTP' },
      { accessUrl: null, containerPort: 22, protocolType: 'SSH' },
      { containerPort: '--' },
    ]
    stub.server.on(detail(id), ok(container({ taskType: 'jupyter', containerPortInfoList: ports })))
    stub.server.on(`GET ${base}/${id}/url`, ok('https://h/lab?token=sothisai_1'))
    expect(await stub.environment().access?.(id, signal)).toEqual({
      urls: [{ name: 'jupyter', url: 'https://h/lab?token=sothisai_1' }],
      ports: [
        { port: 18888, protocol: 'http', url: 'https://h:1' },
        { port: 22, protocol: 'ssh' },
      ],
    })
  })

  it.each(badAddresses)('hands out no address that is no http(s) URL: %j', async (address) => {
    const bad = { code: 'bad_response' }
    stub.server.on(detail(id), ok(container({ taskType: 'jupyter' })))
    stub.server.once(`GET ${base}/${id}/url`, ok(address))
    expect(await failureOf(stub.environment().access?.(id, signal) ?? Promise.resolve())).toMatchObject(bad)
    for (const protocolType of ['HTTP', 'SSH']) {
      const ports = [{ accessUrl: address, containerPort: '18888', protocolType }]
      stub.server.on(detail(id), ok(container({ taskType: 'ssh', containerPortInfoList: ports })))
      expect(await failureOf(stub.environment().access?.(id, signal) ?? Promise.resolve())).toMatchObject(bad)
    }
  })

  it.each(['ssh://h:22', 'h.example.com:22', 'https://h'])('shows an SSH port at %s', async (accessUrl) => {
    const ports = [{ accessUrl, containerPort: '22', protocolType: 'SSH' }]
    stub.server.on(detail(id), ok(container({ taskType: 'ssh', containerPortInfoList: ports })))
    const shown = await stub.environment().access?.(id, signal)
    expect(shown?.ports).toEqual([{ port: 22, protocol: 'ssh', url: accessUrl }])
  })

  it('shows the ports of a container without the web interface that SCNet does not tell', async () => {
    const ports = [{ accessUrl: 'https://h:1', containerPort: '18888', protocolType: 'HTTP' }]
    stub.server.on(detail(id), ok(container({ taskType: 'jupyter', containerPortInfoList: ports })))
    stub.server.once(`GET ${base}/${id}/url`, failed('10001', 'no url yet'))
    const access = await stub.environment().access?.(id, signal)
    expect(access).toEqual({ urls: [], ports: [{ port: 18888, protocol: 'http', url: 'https://h:1' }] })
    stub.server.once(`GET ${base}/${id}/url`, failed('10009', 'not allowed'))
    const refused = await failureOf(stub.environment().access?.(id, signal) ?? Promise.resolve())
    expect(refused).toMatchObject({ code: 'permission_denied' })
  })

  it('lists the resource groups with their limits, where there are any', async () => {
    stub.server.on(`GET ${base}/resource-group`, ok(['cpu', { resourceGroup: 'TeslaM40', acceleratorType: 'gpu' }]))
    stub.server.on(`GET ${base}/resources?acceleratorType=&resourceGroup=cpu`, failed('10003', 'acceleratorType'))
    stub.server.on(
      `GET ${base}/resources?acceleratorType=gpu&resourceGroup=TeslaM40`,
      ok({ cpuNumber: 8, gpuNumber: 2 }),
    )
    expect(await stub.environment().catalog?.(signal)).toEqual({
      resourceGroups: [
        { name: 'cpu' },
        {
          name: 'TeslaM40',
          resourceGroup: 'TeslaM40',
          acceleratorType: 'gpu',
          limits: { cpuNumber: 8, gpuNumber: 2 },
        },
      ],
    })
  })
})
