import { describe, expect, it } from 'vitest'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { badAddresses } from '../../support/bad-addresses.ts'
import { textOf } from '../../support/observation-payloads.ts'
import { connectForEachTest, failureOf, rejection, signal, v1 } from './connection.ts'
import { id, image, notebook, spec } from './notebook-samples.ts'

const details = v1('GET', `notebooks/${id}`)
const listed = (rest: string) => v1('GET', `notebooks?limit=50&${rest}workspaceId=0&workspace_id=0`)

const on = connectForEachTest({ environmentApi: 'notebooks' })

const driver = () => on.driver('environment')

describe('ModelArts notebook read', () => {
  it.each([
    ['INIT', 'provisioning', undefined],
    ['CREATING', 'provisioning', undefined],
    ['CREATE_FAILED', 'failed', 'launch_failed'],
    ['STARTING', 'starting', undefined],
    ['START_FAILED', 'failed', 'launch_failed'],
    ['RUNNING', 'running', undefined],
    ['SNAPSHOTTING', 'running', 'updating'],
    ['STOPPING', 'stopping', undefined],
    ['STOPPED', 'stopped', undefined],
    ['FROZEN', 'blocked', 'suspended'],
    ['ERROR', 'failed', undefined],
    ['DELETING', 'deleting', undefined],
    ['DELETE_FAILED', 'failed', undefined],
    ['DELETED', 'deleted', undefined],
    ['UNKNOWN_STATE', null, undefined],
  ])('maps %s to %s', async (rawState, status, reason) => {
    on.stub.once(details, { body: { ...notebook, status: rawState, fail_reason: 'why' } })
    const seen = await driver().get(id, signal)
    expect(seen).toMatchObject({ rawState, status })
    expect((seen as { reason?: string }).reason).toBe(reason)
    if (status === 'failed') expect(seen).toMatchObject({ message: 'why' })
    expect(textOf(seen)).not.toContain('3eff13f2')
  })

  it('covers every state of the reference', () => expect(Object.keys(driver().states)).toHaveLength(14))

  it('returns gone for 6404, and for 6357 only if the complete list omits the notebook', async () => {
    on.stub.once(details, rejection('6404'))
    expect(await driver().get(id, signal)).toBe('gone')
    on.stub.once(details, rejection('6357'))
    on.stub.once(listed('offset=0&'), { body: { total: 0, data: [] } })
    expect(await driver().get(id, signal)).toBe('gone')
    on.stub.once(details, rejection('6357'))
    on.stub.once(listed('offset=0&'), { body: { total: 1, data: [notebook] } })
    expect(await failureOf(driver().get(id, signal))).toMatchObject({ code: 'conflict' })
  })
})

describe('ModelArts notebook visibility', () => {
  const allUsers = connectForEachTest({ environmentApi: 'notebooks', visibility: 'all', workspaceId: 'ws1' })

  it('lists the notebooks of all users if the connection is configured so', async () => {
    const target = 'notebooks/all?limit=50&offset=50&workspaceId=ws1&workspace_id=ws1'
    allUsers.stub.once(v1('GET', target), { body: { total: 51, data: [notebook] } })
    const { list } = allUsers.driver('environment')
    expect(await list({ cursor: '50', watched: [] }, signal)).toMatchObject({ seen: [{}], next: null })
  })
})

describe('ModelArts notebook start, stop and delete', () => {
  it.each<[string, Partial<EnvironmentSpec>, string]>([
    ['three hours', { autoStop: { afterSeconds: 10_800 } }, 'duration=10800000&type=TIMING'],
    ['idle hours', { autoStop: { afterSeconds: 7200, basis: 'idle' } }, 'duration=7200000&type=IDLE'],
    ['never', {}, 'duration=-1'],
  ])('start with the auto stop of the spec, regardless of the lease: %s', async (_, changes, query) => {
    on.stub.on(v1('POST', `notebooks/${id}/start?${query}`), { body: notebook })
    await driver().controls.start?.(id, signal, { ...spec, ...changes })
    await driver().controls.start?.(id, signal, { ...spec, ...changes })
    expect(on.stub.requests.map(({ body }) => body)).toEqual(['', ''])
  })

  it.each([
    [{ create_at: 1638841744515, duration: 6327212, update_at: 1638844471727, type: 'TIMING' }, 3_600_000, 'TIMING'],
    [{ create_at: 1638841744515, duration: 5313106, update_at: 1638843457621, type: 'IDLE' }, 3_600_000, 'IDLE'],
    // Created with three hours, restarted after two and after nine.
    [{ create_at: 0, duration: 18_000_000, update_at: 7_200_000, type: 'TIMING' }, 10_800_000, 'TIMING'],
    [{ create_at: 0, duration: 43_200_000, update_at: 32_400_000, type: 'TIMING' }, 10_800_000, 'TIMING'],
  ])('start an import with the duration before the last update of its lease %j', async (lease, duration, type) => {
    on.stub.once(details, { body: { ...notebook, lease: { ...lease, enable: true } } })
    on.stub.once(v1('POST', `notebooks/${id}/start?duration=${duration}&type=${type}`), { body: notebook })
    await driver().controls.start?.(id, signal)
  })

  it.each([[undefined], [{ enable: false, duration: 3600000 }], [{ duration: -1 }]])(
    'start an import without auto stop if its lease is %j',
    async (lease) => {
      on.stub.once(details, { body: { ...notebook, lease } })
      on.stub.once(v1('POST', `notebooks/${id}/start?duration=-1`), { status: 201, body: notebook })
      await driver().controls.start?.(id, signal)
    },
  )

  it('stop and delete without a body', async () => {
    on.stub.once(v1('POST', `notebooks/${id}/stop`), { body: notebook })
    on.stub.once(v1('DELETE', `notebooks/${id}`), { status: 204 })
    await driver().controls.stop?.(id, signal)
    await driver().controls.delete?.(id, signal)
    expect(on.sent()).toEqual([[`POST /v1/notebooks/${id}/stop`], [`DELETE /v1/notebooks/${id}`]])
  })

  it('report not_found for the start of a missing notebook', async () => {
    on.stub.once(details, rejection('6404'))
    expect(await failureOf(driver().controls.start?.(id, signal) ?? Promise.resolve())).toMatchObject({
      code: 'not_found',
    })
  })
})

describe('ModelArts notebook access, update and catalog', () => {
  it('return URL, token and ssh', async () => {
    const endpoints = [{ service: 'NOTEBOOK' }, { dev_service: 'SSH', uri: 'ssh://ma-user@dev.example.com:30581' }]
    on.stub.once(details, { body: { ...notebook, status: 'RUNNING', endpoints } })
    expect(await driver().access?.(id, signal)).toEqual({
      urls: [{ name: 'jupyter', url: notebook.url }],
      token: notebook.token,
      ssh: { host: 'dev.example.com', port: 30581, user: 'ma-user' },
    })
    on.stub.once(details, {
      body: { ...notebook, url: null, token: null, endpoints: [{ service: 'SSH', uri: '192.0.2.3' }] },
    })
    expect(await driver().access?.(id, signal)).toEqual({ urls: [], ssh: { host: '192.0.2.3', port: 22 } })
  })

  it.each(badAddresses)('reject an invalid URL: %j', async (url) => {
    on.stub.once(details, { body: { ...notebook, status: 'RUNNING', url } })
    expect(await failureOf(driver().access?.(id, signal) ?? Promise.resolve())).toMatchObject({ code: 'bad_response' })
  })

  it.each(['ssh://-oProxyCommand=id', 'ssh://-l@h', 'ssh://a b@h', '-p'])('return no ssh for %j', async (uri) => {
    on.stub.once(details, { body: { ...notebook, status: 'RUNNING', endpoints: [{ service: 'SSH', uri }] } })
    expect(await driver().access?.(id, signal)).not.toHaveProperty('ssh')
  })

  it('update the description', async () => {
    on.stub.once(v1('PUT', `notebooks/${id}`), { body: { description: 'new' } })
    await driver().update?.(id, { ...spec, description: 'new' }, signal)
    expect(on.sent()).toEqual([[`PUT /v1/notebooks/${id}`, { description: 'new' }]])
  })

  it('return flavors and images', async () => {
    const flavor = { id: 'modelarts.vm.cpu.2u', category: 'CPU', vcpus: 2, sold_out: false, arch: 'X86_64' }
    on.stub.once(v1('GET', 'notebooks/flavors'), { body: { flavors: [flavor] } })
    on.stub.once(v1('GET', 'images?limit=50'), { body: { data: [{ id: image, name: 'mul-kernel' }] } })
    expect(await driver().catalog?.(signal)).toEqual({
      flavors: [{ flavor: 'modelarts.vm.cpu.2u', category: 'CPU', cpus: 2, isSoldOut: false, arch: 'X86_64' }],
      images: [{ image, name: 'mul-kernel' }],
    })
  })
})
