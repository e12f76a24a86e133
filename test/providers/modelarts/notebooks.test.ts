import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkSpec, withDefaults } from '../../../src/providers/field-rules.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { badAddresses } from '../../support/bad-addresses.ts'
import { textOf } from '../../support/shown.ts'
import { type Connection, connect, expectSigned, failureOf, refusal, signal, v1 } from './connection.ts'

const image = 'e1a07296-22a8-4f05-8bc8-e936c8e54090'
const id = 'f9937afa-4451-42db-a76b-72d624749f66'
const spec: EnvironmentSpec = {
  name: 'notebooks_test',
  image,
  resources: { flavor: 'modelarts.vm.cpu.2u' },
  storage: { type: 'EVS', sizeGiB: 50 },
}
const details = v1('GET', `notebooks/${id}`)
const listed = (rest: string) => v1('GET', `notebooks?limit=50&${rest}workspaceId=0&workspace_id=0`)

/** As the reference shows it, with a mark in the name. */
const notebook = {
  description: 'api-test',
  feature: 'NOTEBOOK',
  flavor: 'modelarts.vm.cpu.2u',
  id,
  lease: { create_at: 1638841744515, duration: 3600000, enable: true, update_at: 1638841744515 },
  name: 'notebooks_test-syk7m2q9dxwa',
  status: 'CREATING',
  token: '3eff13f2-3d70-5456-6dc7-e3f99f562022',
  url: 'https://authoring.example.com/lab?token=3eff13f2-3d70-5456-6dc7-e3f99f562022',
  volume: { category: 'EVS', ownership: 'MANAGED', capacity: 50 },
  workspace_id: '0',
}

let on: Connection
beforeEach(async () => {
  on = await connect({ environmentApi: 'notebooks' })
})
afterEach(async () => {
  for (const request of on.stub.requests) expectSigned(request)
  await on.close()
})

const volume = '/providerOptions/modelarts/volume'
const withVolume = (options: JsonObject): Partial<EnvironmentSpec> => ({
  providerOptions: { modelarts: { volume: options } },
})

const driver = () => on.driver('environment')
const intent = (changes: Partial<EnvironmentSpec> = {}, mark?: string) =>
  on.intent<'environment'>({ ...spec, ...changes }, mark)

async function bodyOf(changes: Partial<EnvironmentSpec>): Promise<Record<string, unknown>> {
  on.stub.once(v1('POST', 'notebooks'), { body: notebook })
  await driver().create(intent(changes), signal)
  return JSON.parse(on.stub.requests.at(-1)?.body ?? '') as Record<string, unknown>
}

describe('creating a notebook', () => {
  it('sends the documented request, byte for byte, and never stops by itself unless asked to', async () => {
    on.stub.once(v1('POST', 'notebooks'), { status: 201, body: notebook })
    const created = await driver().create(intent({ queue: 'pool1' }), signal)
    expect(on.stub.requests[0]?.body).toBe(
      `{"name":"notebooks_test-syk7m2q9dxwa","description":"","flavor":"modelarts.vm.cpu.2u","image_id":"${image}","volume":{"category":"EVS","ownership":"MANAGED","capacity":50},"workspace_id":"0","pool_id":"pool1","duration":-1}`,
    )
    expect(created).toMatchObject({ remoteId: id, seen: { status: 'provisioning', mark: 'k7m2q9dxwa' } })
    expect(textOf(created)).not.toContain('3eff13f2')
  })

  it('counts the auto stop in milliseconds, from the start or while idle', async () => {
    expect(await bodyOf({ autoStop: { afterSeconds: 7200 } })).toMatchObject({ duration: 7_200_000 })
    const idle = await bodyOf({ autoStop: { afterSeconds: 7200, basis: 'idle' } })
    expect(idle).toMatchObject({ lease: { duration: 7_200_000, type: 'IDLE' } })
    expect(idle).not.toHaveProperty('duration')
  })

  it('sends ways in, a file system of its own and a script', async () => {
    const endpoints = [{ service: 'SSH', keyPairNames: ['kp'], allowedAccessIps: ['192.0.2.1'] }]
    const body = await bodyOf({
      interfaces: ['jupyter', 'ssh'],
      storage: { type: 'EFS', source: '192.0.2.9:/share' },
      startupScript: 'echo здравствуйте',
      providerOptions: { modelarts: { endpoints, volume: { id: 'efs-1' } } },
    })
    expect(body).toMatchObject({
      endpoints: [
        { service: 'NOTEBOOK' },
        { service: 'SSH', key_pair_names: ['kp'], allowed_access_ips: ['192.0.2.1'] },
      ],
      volume: { category: 'EFS', ownership: 'DEDICATED', uri: '192.0.2.9:/share', id: 'efs-1' },
      hooks: {
        container_hooks: { post_start: { type: 'COMMAND', script: 'ZWNobyDQt9C00YDQsNCy0YHRgtCy0YPQudGC0LU=' } },
      },
    })
  })

  it('sends a bucket with the keys to it, and a parallel file system without', async () => {
    const source = 'obs://bucket/directory/'
    const dewSecretName = 'keys-to-the-bucket'
    const bucket = await bodyOf({
      storage: { type: 'OBS', source },
      providerOptions: { modelarts: { volume: { dewSecretName } } },
    })
    expect(bucket.volume).toEqual({
      ...{ category: 'OBS', ownership: 'DEDICATED', uri: source, dew_secret_name: dewSecretName },
    })
    expect((await bodyOf({ storage: { type: 'OBSFS', source } })).volume).toEqual({
      ...{ category: 'OBSFS', ownership: 'DEDICATED', uri: source },
    })
  })

  it.each<[string, Partial<EnvironmentSpec>, string]>([
    ['a bucket without its keys', { storage: { type: 'OBS', source: 'obs://b/d/' } }, `${volume}/dewSecretName`],
    ['a bucket without its path', { storage: { type: 'OBS' } }, '/storage/source'],
    ['a path that is none', { storage: { type: 'OBSFS', source: '/bucket/directory/' } }, '/storage/source'],
    ['a bucket with a size', { storage: { type: 'OBSFS', source: 'obs://b/d/', sizeGiB: 5 } }, '/storage/sizeGiB'],
    ['keys to a disk', withVolume({ dewSecretName: 'x' }), `${volume}/dewSecretName`],
    ['the id of a disk', withVolume({ id: 'x' }), `${volume}/id`],
    ['a disk of its own', withVolume({ ownership: 'DEDICATED' }), '/storage/source'],
    ['an image that is no id', { image: 'pytorch' }, '/image'],
    ['a source of a disk', { storage: { type: 'EVS', source: 'x' } }, '/storage/source'],
    ['a file system without its id', { storage: { type: 'EFS', source: 'x' } }, '/providerOptions/modelarts/volume/id'],
    ['rstudio', { interfaces: ['rstudio'] }, '/interfaces/0'],
    ['more than 72 hours', { autoStop: { afterSeconds: 259_201 } }, '/autoStop/afterSeconds'],
    ['a script for the first start only', { startupScript: 'ls', startupScriptScope: 'first' }, '/startupScriptScope'],
    ['an option of demanager', { providerOptions: { modelarts: { pool: {} } } }, '/providerOptions/modelarts/pool'],
  ])('refuses %s', (_name, changes, pointer) => {
    const { accepts, options, check } = driver()
    const rules = { provider: 'modelarts', accepts, ...(options ? { options } : {}), ...(check ? { check } : {}) }
    const problems = checkSpec(rules, withDefaults(accepts, { ...spec, ...changes }))
    expect(problems.map((problem) => problem.pointer)).toContain(pointer)
    expect(checkSpec(rules, withDefaults(accepts, spec))).toEqual([])
  })
})

describe('finding a notebook', () => {
  it('narrows the list by name for one intent, and compares the mark itself', async () => {
    const rest = 'name=notebooks_test-syk7m2q9dxwa&offset=0&'
    const twin = { ...notebook, id: 'other', name: 'notebooks_test-syk7m2q9dxwab' }
    on.stub.once(listed(rest), { body: { total: 2, data: [twin, notebook] } })
    const found = await driver().find([intent()], signal)
    expect(found.get('k7m2q9dxwa')).toMatchObject({ found: [{ remoteId: id }] })
  })

  it('walks by record, whatever size of page comes', async () => {
    const page = (from: number, size: number) =>
      Array.from({ length: size }, (_, index) => ({ ...notebook, id: `n${from + index}`, name: `n${from + index}` }))
    on.stub.once(listed('offset=0&'), { body: { total: 12, data: page(0, 10) } })
    on.stub.once(listed('offset=10&'), { body: { total: 12, data: [...page(10, 1), notebook] } })
    const found = await driver().find([intent(), intent({}, 'bbbbbbbbbb')], signal)
    expect(found.get('k7m2q9dxwa')).toMatchObject({ found: [{ remoteId: id }] })
    expect(found.get('bbbbbbbbbb')).toEqual({ absent: true })
  })

  it('counts a notebook that two pages show once', async () => {
    on.stub.once(listed('offset=0&'), { body: { total: 2, data: [notebook] } })
    on.stub.once(listed('offset=1&'), { body: { total: 2, data: [notebook] } })
    const found = await driver().find([intent(), intent({}, 'bbbbbbbbbb')], signal)
    expect(found.get('k7m2q9dxwa')).toMatchObject({ found: [{ remoteId: id }] })
    expect((found.get('k7m2q9dxwa') as { found: readonly unknown[] }).found).toHaveLength(1)
  })

  it('concludes nothing where the workspace was not heeded', async () => {
    const rest = 'name=notebooks_test-syk7m2q9dxwa&offset=0&'
    on.stub.once(listed(rest), { body: { total: 1, data: [{ ...notebook, name: 'x', workspace_id: '7' }] } })
    const found = await driver().find([intent()], signal)
    expect(found.get('k7m2q9dxwa')).toHaveProperty('inconclusive')
  })
})

describe('looking at a notebook', () => {
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
    ['UNHEARD_OF', null, undefined],
  ])('shows %s as %s', async (rawState, status, reason) => {
    on.stub.once(details, { body: { ...notebook, status: rawState, fail_reason: 'why' } })
    const seen = await driver().get(id, signal)
    expect(seen).toMatchObject({ rawState, status })
    expect((seen as { reason?: string }).reason).toBe(reason)
    if (status === 'failed') expect(seen).toMatchObject({ message: 'why' })
    expect(textOf(seen)).not.toContain('3eff13f2')
  })

  it('has a state for each of the reference', () => expect(Object.keys(driver().states)).toHaveLength(14))

  it('takes 6404 for "gone", and 6357 only where the complete list does not show it either', async () => {
    on.stub.once(details, refusal('6404'))
    expect(await driver().get(id, signal)).toBe('gone')
    on.stub.once(details, refusal('6357'))
    on.stub.once(listed('offset=0&'), { body: { total: 0, data: [] } })
    expect(await driver().get(id, signal)).toBe('gone')
    on.stub.once(details, refusal('6357'))
    on.stub.once(listed('offset=0&'), { body: { total: 1, data: [notebook] } })
    expect(await failureOf(driver().get(id, signal))).toMatchObject({ code: 'conflict' })
  })

  it("lists everybody's notebooks where the connection says so", async () => {
    await on.close()
    on = await connect({ environmentApi: 'notebooks', visibility: 'all', workspaceId: 'ws1' })
    const target = 'notebooks/all?limit=50&offset=50&workspaceId=ws1&workspace_id=ws1'
    on.stub.once(v1('GET', target), { body: { total: 51, data: [notebook] } })
    expect(await driver().list({ cursor: '50', watched: [] }, signal)).toMatchObject({ seen: [{}], next: null })
  })
})

describe('start, stop and delete of a notebook', () => {
  it.each<[string, Partial<EnvironmentSpec>, string]>([
    ['three hours', { autoStop: { afterSeconds: 10_800 } }, 'duration=10800000&type=TIMING'],
    ['idle hours', { autoStop: { afterSeconds: 7200, basis: 'idle' } }, 'duration=7200000&type=IDLE'],
    ['never', {}, 'duration=-1'],
  ])(
    'starts what was made here with the auto stop of its spec, whatever its lease shows: %s',
    async (_, asked, query) => {
      on.stub.on(v1('POST', `notebooks/${id}/start?${query}`), { body: notebook })
      await driver().controls.start?.(id, signal, { ...spec, ...asked })
      await driver().controls.start?.(id, signal, { ...spec, ...asked })
      expect(on.stub.requests.map(({ body }) => body)).toEqual(['', ''])
    },
  )

  it.each([
    [{ create_at: 1638841744515, duration: 6327212, update_at: 1638844471727, type: 'TIMING' }, 3_600_000, 'TIMING'],
    [{ create_at: 1638841744515, duration: 5313106, update_at: 1638843457621, type: 'IDLE' }, 3_600_000, 'IDLE'],
    // Made with three hours, started again after two and after nine.
    [{ create_at: 0, duration: 18_000_000, update_at: 7_200_000, type: 'TIMING' }, 10_800_000, 'TIMING'],
    [{ create_at: 0, duration: 43_200_000, update_at: 32_400_000, type: 'TIMING' }, 10_800_000, 'TIMING'],
  ])('starts an import with what lies behind the last update of its lease %j', async (lease, duration, type) => {
    on.stub.once(details, { body: { ...notebook, lease: { ...lease, enable: true } } })
    on.stub.once(v1('POST', `notebooks/${id}/start?duration=${duration}&type=${type}`), { body: notebook })
    await driver().controls.start?.(id, signal)
  })

  it.each([[undefined], [{ enable: false, duration: 3600000 }], [{ duration: -1 }]])(
    'starts an import without an auto stop where its lease is %j',
    async (lease) => {
      on.stub.once(details, { body: { ...notebook, lease } })
      on.stub.once(v1('POST', `notebooks/${id}/start?duration=-1`), { status: 201, body: notebook })
      await driver().controls.start?.(id, signal)
    },
  )

  it('stops and deletes without a body', async () => {
    on.stub.once(v1('POST', `notebooks/${id}/stop`), { body: notebook })
    on.stub.once(v1('DELETE', `notebooks/${id}`), { status: 204 })
    await driver().controls.stop?.(id, signal)
    await driver().controls.delete?.(id, signal)
    expect(on.sent()).toEqual([[`POST /v1/notebooks/${id}/stop`], [`DELETE /v1/notebooks/${id}`]])
  })

  it('a start of what is gone says so', async () => {
    on.stub.once(details, refusal('6404'))
    expect(await failureOf(driver().controls.start?.(id, signal) ?? Promise.resolve())).toMatchObject({
      code: 'not_found',
    })
  })
})

describe('the rest of notebooks', () => {
  it('gives URL, token and ssh', async () => {
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

  it.each(badAddresses)('gives nothing where the URL is none: %j', async (url) => {
    on.stub.once(details, { body: { ...notebook, status: 'RUNNING', url } })
    expect(await failureOf(driver().access?.(id, signal) ?? Promise.resolve())).toMatchObject({ code: 'bad_response' })
  })

  it.each(['ssh://-oProxyCommand=id', 'ssh://-l@h', 'ssh://a b@h', '-p'])('gives no ssh by %j', async (uri) => {
    on.stub.once(details, { body: { ...notebook, status: 'RUNNING', endpoints: [{ service: 'SSH', uri }] } })
    expect(await driver().access?.(id, signal)).not.toHaveProperty('ssh')
  })

  it('updates the description', async () => {
    on.stub.once(v1('PUT', `notebooks/${id}`), { body: { description: 'new' } })
    await driver().update?.(id, { ...spec, description: 'new' }, signal)
    expect(on.sent()).toEqual([[`PUT /v1/notebooks/${id}`, { description: 'new' }]])
  })

  it('shows flavors and images to choose from', async () => {
    const flavor = { id: 'modelarts.vm.cpu.2u', category: 'CPU', vcpus: 2, sold_out: false, arch: 'X86_64' }
    on.stub.once(v1('GET', 'notebooks/flavors'), { body: { flavors: [flavor] } })
    on.stub.once(v1('GET', 'images?limit=50'), { body: { data: [{ id: image, name: 'mul-kernel' }] } })
    expect(await driver().catalog?.(signal)).toEqual({
      flavors: [{ flavor: 'modelarts.vm.cpu.2u', category: 'CPU', cpus: 2, isSoldOut: false, arch: 'X86_64' }],
      images: [{ image, name: 'mul-kernel' }],
    })
  })
})
