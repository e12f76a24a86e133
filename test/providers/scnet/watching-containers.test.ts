import { describe, expect, it } from 'vitest'
import { badAddresses } from '../../support/bad-addresses.ts'
import { textOf } from '../../support/observation-payloads.ts'
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

/** The exact body of a list request. */
const listBody = (start = 0) =>
  JSON.stringify({ status: null, instanceServiceName: null, start, limit: 100, sort: 'desc' })

describe('SCNet container', () => {
  it.each([
    ['Waiting', 'provisioning'],
    ['Deploying', 'provisioning'],
    ['Running', 'running'],
    ['Terminated', 'stopped'],
    ['Completed', 'stopped'],
    ['Failed', 'failed'],
    ['Rebooting', null],
  ])('maps %s to %s', async (status, environmentStatus) => {
    stub.server.on(detail(id), ok(container({ status })))
    const seen = await stub.environment().get(id, signal)
    expect(seen).toMatchObject({
      remoteId: id,
      rawState: status,
      status: environmentStatus,
      correlationTag,
      remoteName: `x-sy${correlationTag}`,
    })
  })

  it('has times in the zone of the connection, and omits null fields', async () => {
    stub.server.on(detail(id), ok(container()))
    const seen = await stub.environment().get(id, signal)
    expect(seen).toMatchObject({ startedAt: new Date('2025-12-01T13:00:00Z') })
    stub.server.on(detail(id), ok(container({ startTime: null, instanceServiceName: null })))
    const withoutTimes = await stub.environment({ timeOffset: '+00:00' }).get(id, signal)
    expect(Object.keys(withoutTimes)).toEqual(['remoteId', 'rawState', 'payload', 'status'])
  })

  it('has the reason auto_stopped if it ran for its whole time limit', async () => {
    const times = { timeoutLimit: '01:00:00', startTime: '2025-12-01 21:00:00', endTime: '2025-12-01 21:59:58' }
    stub.server.on(detail(id), ok(container({ status: 'Terminated', ...times })))
    expect(await stub.environment().get(id, signal)).toMatchObject({ status: 'stopped', reason: 'auto_stopped' })
  })

  it('omits the start script from its payload', async () => {
    stub.server.on(detail(id), ok(container({ startScriptContent: 'export PASSWORD=hunter2\n' })))
    const seen = await stub.environment().get(id, signal)
    expect(textOf(seen)).not.toContain('hunter2')
  })

  it.each([
    ['an error code', failed('10004', 'no such instance')],
    ['an internal error', failed('10001', 'internal')],
    ['an error without a code', { status: 404, body: { status: 404, error: 'Not Found' } }],
    ['an empty response', ok(null)],
  ])('is gone after %s from the detail only if the complete list omits it', async (_name, response) => {
    stub.server.on(detail(id), response)
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
    ["a proxy's page", { body: '<html>' }, 'bad_response'],
    ['a frozen user', failed('10007', 'frozen'), 'permission_denied'],
  ])('reports %s of the detail without reading the list', async (_name, response, code) => {
    stub.server.on(detail(id), response)
    expect((await failureOf(stub.environment().get(id, signal))).code).toBe(code)
  })
})

describe('SCNet container list', () => {
  it('declares the detail fields that it omits', async () => {
    const { duration, ...listEntry } = container()
    stub.server.once(list, ok({ total: 1, list: [listEntry] }))
    const { seen } = await stub.environment().list({ cursor: null, watched: [] }, signal)
    const omits = seen[0]?.omits ?? []
    expect(omits).toEqual(expect.arrayContaining(['duration', 'mountInfoList', 'imagePath']))
    expect(omits.filter((name) => name in listEntry)).toEqual([])
  })

  it('is read by GET with a body, page by page', async () => {
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

  it('uses query parameters if the connection is configured so', async () => {
    stub.server.on(`${list}/list?start=0&limit=100&sort=desc`, ok([container()]))
    const page = await stub.environment({ listForm: 'query' }).list({ cursor: null, watched: [] }, signal)
    expect(page.seen).toHaveLength(1)
    stub.server.on(`${list}?start=0&limit=100&sort=desc`, ok([container()]))
    const other = await stub.environment({ listForm: 'taskQuery' }).list({ cursor: null, watched: [] }, signal)
    expect(other.seen).toHaveLength(1)
  })
})

describe('SCNet container search', () => {
  const find = async (settings = {}) => {
    const intents = [
      environmentIntent(stub.clock, spec, correlationTag),
      environmentIntent(stub.clock, spec, 'a000000000'),
    ]
    return await stub.environment(settings).find(intents, signal)
  }

  it('finds all correlation tags in one scan', async () => {
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

  it('is inconclusive if the list ends early', async () => {
    stub.server.once(list, ok({ total: 9, items: [container()] }))
    stub.server.once(list, ok({ total: 9, items: [] }))
    const found = await find()
    expect(found.get(correlationTag)).toMatchObject({ found: [{ remoteId: id }] })
    expect(found.get('a000000000')).toHaveProperty('inconclusive')
  })

  it('is inconclusive if the list omits the field of the correlation tag', async () => {
    stub.server.on(list, ok({ total: 1, list: [container({ description: undefined })] }))
    expect((await find({ tagField: 'description' })).get(correlationTag)).toHaveProperty('inconclusive')
    stub.server.on(list, ok({ total: 1, list: [container({ description: `mine [sy:${correlationTag}]` })] }))
    const found = await find({ tagField: 'description' })
    expect(found.get(correlationTag)).toMatchObject({ found: [{ remoteId: id }] })
    expect(found.get('a000000000')).toEqual({ absent: true })
  })

  it('fails for a list in an unknown format', async () => {
    stub.server.on(list, ok({ count: 0, entries: [] }))
    expect((await failureOf(find())).code).toBe('bad_response')
  })
})

describe('SCNet container action', () => {
  const start = `POST ${base}/task/actions/restart?instanceServiceId=${id}`
  const stop = `POST ${base}/task/actions/stop?ids=${id}`
  const remove = `DELETE ${base}/task?ids=${id}`

  it.each([
    ['start', start],
    ['stop', stop],
    ['delete', remove],
  ] as const)('%s is one call without a body', async (action, route) => {
    stub.server.on(route, ok(id))
    await stub.environment().controls[action]?.(id, signal)
    expect(stub.calls()).toEqual([[route, '']])
  })

  it.each([
    ['start', start, '716868', 'Waiting'],
    ['start', start, '716868', 'Running'],
    ['stop', stop, '716867', 'Terminated'],
    ['stop', stop, '716867', 'Completed'],
  ] as const)(
    '%s succeeds after a rejection if the container is in the target state already',
    async (action, route, code, status) => {
      stub.server.on(route, failed(code, 'failed'))
      stub.server.on(detail(id), ok(container({ status })))
      await stub.environment().controls[action]?.(id, signal)
    },
  )

  it.each([
    ['stop', stop],
    ['delete', remove],
  ] as const)('%s succeeds for a missing container', async (action, route) => {
    stub.server.on(route, failed('716866', 'failed'))
    stub.server.on(detail(id), failed('10004', 'unknown'))
    stub.server.on(list, ok({ total: 0, list: [] }))
    await stub.environment().controls[action]?.(id, signal)
  })

  it("reports the vendor's message as a conflict if the container can still be deleted", async () => {
    stub.server.on(remove, failed('716866', 'still running'))
    stub.server.on(detail(id), ok(container()))
    const error = await failureOf(stub.environment().controls.delete?.(id, signal) ?? Promise.resolve())
    expect(error).toMatchObject({ code: 'conflict', providerCode: '716866' })
    expect(error.message).toContain('still running')
  })
})

describe('SCNet access and catalog', () => {
  it('return the web interface and the ports', async () => {
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

  it.each(badAddresses)('reject an address that is not an http(s) URL: %j', async (address) => {
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

  it.each(['ssh://h:22', 'h.example.com:22', 'https://h'])('return an SSH port at %s', async (accessUrl) => {
    const ports = [{ accessUrl, containerPort: '22', protocolType: 'SSH' }]
    stub.server.on(detail(id), ok(container({ taskType: 'ssh', containerPortInfoList: ports })))
    const access = await stub.environment().access?.(id, signal)
    expect(access?.ports).toEqual([{ port: 22, protocol: 'ssh', url: accessUrl }])
  })

  it('return ports without a web interface if SCNet has no URL yet', async () => {
    const ports = [{ accessUrl: 'https://h:1', containerPort: '18888', protocolType: 'HTTP' }]
    stub.server.on(detail(id), ok(container({ taskType: 'jupyter', containerPortInfoList: ports })))
    stub.server.once(`GET ${base}/${id}/url`, failed('10001', 'no url yet'))
    const access = await stub.environment().access?.(id, signal)
    expect(access).toEqual({ urls: [], ports: [{ port: 18888, protocol: 'http', url: 'https://h:1' }] })
    stub.server.once(`GET ${base}/${id}/url`, failed('10009', 'not allowed'))
    const denied = await failureOf(stub.environment().access?.(id, signal) ?? Promise.resolve())
    expect(denied).toMatchObject({ code: 'permission_denied' })
  })

  it('return the resource groups with their limits, if any', async () => {
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
