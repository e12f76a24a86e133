import { beforeEach, describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { instanceExample } from './modelarts-client.ts'
import { startModelarts } from './modelarts-sandbox.ts'

const arts = forEachTest(startModelarts, ({ sandbox }) => sandbox.close())

const base = 'v1/demanager/instances'
const plain = { ...instanceExample, spec: { storage: instanceExample.spec.storage } }
const create = async (body: object = plain) => (await arts.call(`POST ${base}`, body)).json.id as string
const get = async (id: string) => (await arts.call(`GET ${base}/${id}`)).json
const runAction = (id: string, action: string) => arts.call(`POST ${base}/${id}/action`, { action })
const list = async (query: string) => (await arts.call(`GET ${base}?de_type=Notebook${query}`)).json
const names = ({ instances }: { instances: { name: string }[] }) => instances.map(({ name }) => name)

describe('ModelArts sandbox instance create', () => {
  it('accepts the documented sample and returns the documented response', async () => {
    const { status, json } = await arts.call(`POST ${base}`, instanceExample)
    expect(status).toBe(200)
    expect(json).toMatchObject({
      ai_project: { id: 'default-ai-project' },
      creation_timestamp: '1767571200000',
      flavor: 'modelarts.kat1.xlarge',
      flavor_details: { params: { CPU: 24, NPU: 1, memory: '96GiB' }, status: 'onSale', type: 'Ascend' },
      id: expect.stringMatching(/^DE-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      latest_update_timestamp: '1767571200000',
      profile: { id: expect.stringMatching(/^[0-9a-f-]{36}$/), name: 'Ascend-Powered-Engine 1.0 (python3)' },
      spec: {
        annotations: { url: '' },
        auto_stop: { duration: 3600, enable: true, prompt: true },
        failed_reasons: null,
        storage: instanceExample.spec.storage,
      },
      status: 'CREATING',
      workspace: { id: '0' },
    })
    expect(json).not.toHaveProperty('error_code')
  })

  const withPath = (value?: string) => ({ ...plain, spec: { storage: { type: 'obs', location: { path: value } } } })
  const withAutoStop = (auto_stop: object) => ({ ...plain, spec: { ...plain.spec, auto_stop } })
  it.each([
    ['6318', withPath('/aaa/output'), 'The param path needs to end with /.'],
    ['6358', withPath('/aaa/'), 'root directory'],
    ['6317', withPath(), "'path' parameter is required"],
    ['6316', { ...plain, spec: {} }, "'storage' is needed"],
    ['6324', { ...plain, spec: { storage: { type: 'evs' } } }, 'not supported'],
    ['6335', { ...plain, flavor: undefined }, "'flavor' is a required property."],
    ['6332', { ...plain, name: 7 }, "'name' parameter must be of the 'string' type."],
    ['6334', { ...plain, name: 'a b' }, 'The character ` ` is not allowed.'],
    ['6334', { ...plain, description: 'a<b' }, 'The character `<` is not allowed.'],
    ['6336', { ...plain, name: 'n'.repeat(65) }, "'name' property value is incorrect."],
    ['6348', withAutoStop({ enable: true }), 'mandatory'],
    ['6349', withAutoStop({ enable: true, duration: 3599 }), 'from 3600 to 86400'],
    ['6349', withAutoStop({ enable: true, duration: 86_401 }), 'from 3600 to 86400'],
    ['6330', { ...plain, profile_id: 'Multi-Engine 1.0 (python3)-cpu' }, 'does not match'],
    ['6400', '{"name":', 'Invalid request payload'],
  ])('rejects with ModelArts.%s (case %#)', async (code, body, message) => {
    expect(await arts.call(`POST ${base}`, body)).toMatchObject({
      status: 400,
      json: { error_code: `ModelArts.${code}`, error_message: expect.stringContaining(message) },
    })
  })

  it('rejects a name until the instance that has it is deleted', async () => {
    const id = await create({ ...plain, name: 'create-fails' })
    expect((await arts.call(`POST ${base}`, { ...plain, name: 'create-fails' })).json.error_code).toBe('ModelArts.6301')
    arts.time.ms += 300
    await arts.call(`DELETE ${base}/${id}`)
    expect((await arts.call(`POST ${base}`, { ...plain, name: 'create-fails' })).status).toBe(200)
  })

  it('rejects sold-out flavors, unknown values and excess instances by setting', async () => {
    arts.settings.soldOutFlavors = 'modelarts.kat1.xlarge,other'
    expect((await arts.call(`POST ${base}`, plain)).json.error_code).toBe('ModelArts.6329')
    arts.settings.soldOutFlavors = ''
    const unknownValues = { ...plain, flavor: 'modelarts.vm.gpu.p100', profile_id: 'Python3-gpu', colour: 'red' }
    expect((await arts.call(`POST ${base}`, unknownValues)).status).toBe(200)
    Object.assign(arts.settings, { refuseUnknownFlavors: true, refuseUnknownProfiles: true })
    expect((await arts.call(`POST ${base}`, { ...unknownValues, name: 'b' })).json.error_code).toBe('ModelArts.6323')
    const profile = { ...plain, name: 'b', profile_id: 'Python3-gpu' }
    expect((await arts.call(`POST ${base}`, profile)).json.error_code).toBe('ModelArts.6336')
    arts.settings.refuseUnknownFields = true
    expect((await arts.call(`POST ${base}`, { ...plain, colour: 'red' })).json.error_code).toBe('ModelArts.6400')
    arts.settings.maxInstances = 1
    expect((await arts.call(`POST ${base}`, { ...plain, name: 'c' })).json.error_code).toBe('ModelArts.6302')
  })
})

describe('ModelArts sandbox instance', () => {
  it('changes from CREATING to RUNNING, then with URL and secrets', async () => {
    const id = await create()
    expect(await get(id)).toMatchObject({ status: 'CREATING', spec: { annotations: { url: '' } } })
    arts.time.ms += 300
    const running = await get(id)
    expect(running).toMatchObject({
      status: 'RUNNING',
      latest_update_timestamp: '1767571200300',
      spec: { annotations: { url: expect.stringContaining(id) }, credential: { access_token: expect.any(String) } },
    })
    const { json } = await arts.call(`GET ${base}/${id}/token`)
    expect(json).toEqual({ token: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  })

  it('is stopped, deleted only then, and gone', async () => {
    const id = await create()
    arts.time.ms += 300
    expect((await arts.call(`DELETE ${base}/${id}`)).json).toEqual({
      error_code: 'ModelArts.6304',
      error_message: 'Please stop the instance before deleting.',
    })
    expect((await runAction(id, 'stop')).json).toEqual({ current_status: 'STOPPING', previous_state: 'RUNNING' })
    expect((await arts.call(`DELETE ${base}/${id}`)).json.error_code).toBe('ModelArts.6304')
    arts.time.ms += 150
    expect((await get(id)).status).toBe('STOPPED')
    expect(await arts.call(`DELETE ${base}/${id}`)).toMatchObject({ status: 200, json: { instance_id: id } })
    expect(await arts.call(`GET ${base}/${id}`)).toMatchObject({ status: 400, json: { error_code: 'ModelArts.6309' } })
    expect((await list('')).total_count).toBe(0)
  })

  it('is deleted from the queue for free resources, unless refused by setting', async () => {
    arts.settings.queueingMs = 5000
    arts.settings.refuseDeleteInQueue = true
    const id = await create()
    expect((await arts.call(`DELETE ${base}/${id}`)).json.error_code).toBe('ModelArts.6304')
    arts.settings.refuseDeleteInQueue = false
    expect((await arts.call(`DELETE ${base}/${id}`)).json).toEqual({ instance_id: id })
  })

  it('is restarted', async () => {
    const id = await create()
    arts.time.ms += 300
    await runAction(id, 'stop')
    arts.time.ms += 150
    expect((await runAction(id, 'start')).json).toEqual({ current_status: 'STARTING', previous_state: 'STOPPED' })
    arts.time.ms += 200
    expect((await get(id)).status).toBe('RUNNING')
  })

  it('stops automatically after its duration, also after each start', async () => {
    const id = await create(instanceExample)
    arts.time.ms += 300
    expect((await get(id)).spec.auto_stop).toMatchObject({ remain_time: 3600, stop_timestamp: 1_767_574_800_300 })
    arts.time.ms += 3_600_000
    expect((await get(id)).status).toBe('STOPPING')
    arts.time.ms += 150
    expect((await get(id)).status).toBe('STOPPED')
    await runAction(id, 'start')
    arts.time.ms += 200 + 3_599_999
    expect((await get(id)).status).toBe('RUNNING')
    arts.time.ms += 1
    expect((await get(id)).status).toBe('STOPPING')
  })

  it('applies a new auto stop at the next start', async () => {
    const id = await create(instanceExample)
    arts.time.ms += 300
    const change = { description: 'new', spec: { auto_stop: { duration: 7200 } } }
    const changed = await arts.call(`PUT ${base}/${id}`, change)
    expect(changed.json).toMatchObject({ description: 'new', spec: { auto_stop: { enable: true, duration: 7200 } } })
    arts.time.ms += 3_600_000 + 150
    expect((await get(id)).status).toBe('STOPPED')
    await runAction(id, 'start')
    arts.time.ms += 200 + 3_600_150
    expect((await get(id)).status).toBe('RUNNING')
  })

  it('stops after a second with accelerated leases', async () => {
    arts.settings.leaseSpeed = 3600
    const id = await create(instanceExample)
    arts.time.ms += 300 + 1000 + 150
    expect((await get(id)).status).toBe('STOPPED')
  })

  it('rejects a redundant start or stop with its state, or vaguely by setting', async () => {
    const id = await create()
    expect((await runAction(id, 'stop')).json.error_code).toBe('ModelArts.6357')
    arts.time.ms += 300
    expect((await runAction(id, 'start')).json.error_code).toBe('ModelArts.6305')
    await runAction(id, 'stop')
    expect((await runAction(id, 'stop')).json.error_code).toBe('ModelArts.6308')
    arts.time.ms += 150
    expect((await runAction(id, 'stop')).json.error_code).toBe('ModelArts.6307')
    await runAction(id, 'start')
    expect((await runAction(id, 'start')).json.error_code).toBe('ModelArts.6306')
    arts.settings.vagueStateErrors = true
    expect((await runAction(id, 'start')).json.error_code).toBe('ModelArts.6357')
    expect((await runAction(id, 'restart')).json.error_code).toBe('ModelArts.6336')
  })

  it('fails if its name requests it, with HTTP 200 on reads', async () => {
    const id = await create({ ...plain, name: 'create-fails' })
    arts.time.ms += 300
    expect(await arts.call(`GET ${base}/${id}`)).toMatchObject({
      status: 200,
      json: {
        status: 'CREATE_FAILED',
        error_code: 'ModelArts.6360',
        spec: { failed_reasons: { code: 'ModelArts.6360' } },
      },
    })
    const other = await create({ ...plain, name: 'other', description: 'start-fails' })
    arts.time.ms += 300
    await runAction(other, 'stop')
    arts.time.ms += 150
    await runAction(other, 'start')
    arts.time.ms += 200
    expect((await get(other)).status).toBe('START_FAILED')
    expect((await runAction(other, 'stop')).json.error_code).toBe('ModelArts.6327')
  })

  it('waits in a queue if configured', async () => {
    arts.settings.queueingMs = 5000
    const id = await create()
    expect(await get(id)).toMatchObject({ status: 'CREATE_QUEUING', queuing_info: { remain_time: 5, rank: 1 } })
    arts.time.ms += 5000
    expect((await get(id)).status).toBe('CREATING')
  })

  it('is DELETING for a while if configured', async () => {
    arts.settings.instanceDeletingMs = 500
    const id = await create({ ...plain, name: 'create-fails' })
    arts.time.ms += 300
    await arts.call(`DELETE ${base}/${id}`)
    expect((await get(id)).status).toBe('DELETING')
    arts.time.ms += 500
    expect((await get(id)).error_code).toBe('ModelArts.6309')
    expect((await list('')).total_count).toBe(0)
  })
})

describe('ModelArts sandbox instance list', () => {
  beforeEach(async () => {
    for (const name of ['b', 'c', 'a']) {
      await create({ ...plain, name })
      arts.time.ms += 10
    }
  })

  it('requires de_type with a capital letter', async () => {
    expect((await arts.call(`GET ${base}`)).json.error_code).toBe('ModelArts.6335')
    expect((await arts.call(`GET ${base}?de_type=notebook`)).json.error_code).toBe('ModelArts.6336')
  })

  it('is sorted by name and omits the storage', async () => {
    const all = await list('')
    expect(all.total_count).toBe(3)
    expect(names(all)).toEqual(['a', 'b', 'c'])
    expect(all.instances[0].spec).not.toHaveProperty('storage')
  })

  it('is sorted and paged by record', async () => {
    expect(names(await list('&sortby=creation_timestamp&order=desc'))).toEqual(['a', 'c', 'b'])
    const page = await list('&limit=1&offset=1')
    expect([page.total_count, names(page)]).toEqual([3, ['b']])
    expect(names(await list('&limit=0&offset=2'))).toEqual(['c'])
    expect((await list('&sortby=colour')).error_code).toBe('ModelArts.6303')
    expect((await list('&limit=-1')).error_code).toBe('ModelArts.6336')
  })

  it('is filtered by status and workspace', async () => {
    await create({ ...plain, name: 'elsewhere', workspace: { id: 'w1' } })
    arts.time.ms += 280
    expect(names(await list('&status=RUNNING'))).toEqual(['b', 'c'])
    expect(names(await list('&workspace_id=w1'))).toEqual(['elsewhere'])
  })

  it('lags behind reads by id if configured', async () => {
    arts.settings.listLagMs = 1000
    expect((await list('')).total_count).toBe(0)
    arts.time.ms += 1000
    expect((await list('')).total_count).toBe(3)
  })
})
