import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkSpec, withDefaults } from '../../../src/providers/field-rules.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { badAddresses } from '../../support/bad-addresses.ts'
import { textOf } from '../../support/shown.ts'
import { type Connection, connect, expectSigned, failureOf, refusal, signal, v1 } from './connection.ts'

const spec: EnvironmentSpec = {
  name: 'notebook-d115',
  image: 'Ascend-Power-Engine 1.0(python3)',
  resources: { flavor: 'modelarts.kat1.xlarge' },
  storage: { type: 'obs', source: '/aaaaaaaaa/output/' },
  autoStop: { afterSeconds: 3600 },
  providerOptions: { modelarts: { workspaceId: '0' } },
}

const id = 'DE-a970f5d4-7b26-11eb-91ca-0255ac10003b'
const instances = v1('POST', 'demanager/instances')
const details = v1('GET', `demanager/instances/${id}`)
const action = v1('POST', `demanager/instances/${id}/action`)
const remove = v1('DELETE', `demanager/instances/${id}`)
const list = v1('GET', 'demanager/instances?de_type=Notebook&workspace_id=0')

/** The vendor's own sample answer, as far as it matters, with a mark in the name. */
const instance = {
  ai_project: { id: 'default-ai-project' },
  creation_timestamp: '1614669154682',
  description: '',
  flavor: 'modelarts.kat1.xlarge',
  id,
  name: 'notebook-d115-syk7m2q9dxwa',
  profile: { id: 'efa847c0-7359-11eb-b34f-0255ac100057', name: 'Ascend-Powered-Engine 1.0 (python3)' },
  spec: {
    annotations: { target_domain: 'https://notebook.example.com', url: '' },
    auto_stop: { duration: 3600, enable: true, prompt: true },
    failed_reasons: null,
    credential: { ssh_private_key: 'PRIVATE-KEY-MATERIAL', access_token: 'ghp_secret' },
  },
  error_code: null,
  status: 'CREATING',
  workspace: { id: '0' },
}

let on: Connection
beforeEach(async () => {
  on = await connect()
})
afterEach(async () => {
  for (const request of on.stub.requests) expectSigned(request)
  await on.close()
})

const driver = () => on.driver('environment')
const intent = (changes: Partial<EnvironmentSpec> = {}, mark?: string) =>
  on.intent<'environment'>({ ...spec, ...changes }, mark)

describe('creating a development environment instance', () => {
  it("sends the vendor's sample request, byte for byte, and reads its sample answer", async () => {
    on.stub.once(instances, { body: instance })
    const created = await driver().create(intent(), signal)
    expect(on.stub.requests[0]?.body).toBe(
      '{"name":"notebook-d115-syk7m2q9dxwa","description":"","profile_id":"Ascend-Power-Engine 1.0(python3)","flavor":"modelarts.kat1.xlarge","spec":{"storage":{"location":{"path":"/aaaaaaaaa/output/"},"type":"obs"},"auto_stop":{"enable":true,"duration":3600}},"workspace":{"id":"0"}}',
    )
    expect(created).toMatchObject({
      remoteId: id,
      seen: { remoteId: id, status: 'provisioning', rawState: 'CREATING', mark: 'k7m2q9dxwa' },
    })
    expect(textOf(created)).not.toMatch(/PRIVATE-KEY|ghp_secret/)
  })

  it('plans the very request that it sends', async () => {
    on.stub.once(instances, { body: instance })
    const plan = driver().plan(intent())
    await driver().create(intent(), signal)
    expect(`${plan.method} ${plan.target}`).toBe(instances)
    expect(JSON.stringify(plan.body)).toBe(on.stub.requests[0]?.body)
  })

  it('sends everything that the API takes, and says "never" where nothing stops it', async () => {
    on.stub.once(instances, { body: instance })
    const modelarts = {
      workspaceId: 'ws1',
      aiProjectId: 'p1',
      annotations: { team: 'vision' },
      extendStorage: [{ type: 'obsfs', path: '/bucket/more/' }],
      pool: { type: 'USER_DEFINED', ownerProjectId: 'o1' },
    }
    const { autoStop: _, ...rest } = spec
    const full = { ...rest, description: 'two words', queue: 'pool1', storage: { type: 'evs', sizeGiB: 5 } }
    await driver().create(on.intent<'environment'>({ ...full, providerOptions: { modelarts } }), signal)
    expect(JSON.parse(on.stub.requests[0]?.body ?? '')).toEqual({
      name: 'notebook-d115-syk7m2q9dxwa',
      description: 'two words',
      profile_id: 'Ascend-Power-Engine 1.0(python3)',
      flavor: 'modelarts.kat1.xlarge',
      spec: {
        storage: { location: { volume_size: 5 }, type: 'evs' },
        auto_stop: { enable: false },
        extend_storage: [{ location: { path: '/bucket/more/' }, type: 'obsfs' }],
        annotations: { team: 'vision' },
      },
      workspace: { id: 'ws1' },
      pool: { id: 'pool1', type: 'USER_DEFINED', owner: { project_id: 'o1' } },
      ai_project: { id: 'p1' },
    })
  })

  it('takes a name that exists for a conflict, so that the engine looks for it', async () => {
    on.stub.once(instances, refusal('6301'))
    expect(await failureOf(driver().create(intent(), signal))).toMatchObject({ code: 'conflict' })
  })

  it.each([
    ['6318', 'invalid_request'],
    ['6302', 'quota_exceeded'],
    ['6329', 'no_capacity'],
    ['6379', 'permission_denied'],
  ])('takes ModelArts.%s for the refusal %s', async (code, meaning) => {
    on.stub.once(instances, refusal(code))
    expect(await failureOf(driver().create(intent(), signal))).toMatchObject({
      code: meaning,
      providerCode: `ModelArts.${code}`,
    })
  })

  it.each([
    ['an unlisted code', refusal('9999'), 'outcome_unknown'],
    ['a 401 without a code', { status: 401, body: 'no' }, 'outcome_unknown'],
    ['an internal error', refusal('0010', 500), 'unavailable'],
    ['an internal error with HTTP 400', refusal('6361'), 'unavailable'],
    ['HTML', { body: '<html>hello</html>' }, 'bad_response'],
    ['truncated JSON', { body: '{"id":"DE-1' }, 'bad_response'],
    ['a reset', { isReset: true as const }, 'unavailable'],
    ['silence', { isSilent: true as const }, 'timeout'],
  ])('does not call it refused after %s', async (_name, answer, code) => {
    on.stub.once(instances, answer)
    expect(await failureOf(driver().create(intent(), signal))).toMatchObject({ code, notSent: false })
  })

  it('leaves it to be found where the answer shows no id', async () => {
    on.stub.once(instances, { body: { status: 'CREATING' } })
    expect(await driver().create(intent(), signal)).toEqual({ remoteId: null })
  })

  it('sends nothing after the moment until which it may be sent', async () => {
    const late = intent()
    on.clock.advance(2000)
    expect(await failureOf(driver().create(late, signal))).toMatchObject({ code: 'timeout', notSent: true })
    expect(on.stub.requests).toEqual([])
  })
})

describe('what is refused before anything is sent', () => {
  const problems = (changes: Partial<EnvironmentSpec>) => {
    const { accepts, options, check } = driver()
    const rules = { provider: 'modelarts', accepts, ...(options ? { options } : {}), ...(check ? { check } : {}) }
    return checkSpec(rules, withDefaults(accepts, { ...spec, ...changes })).map(({ pointer }) => pointer)
  }

  it('takes the sample', () => expect(problems({})).toEqual([]))

  it.each<[string, Partial<EnvironmentSpec>, string]>([
    ['a path without a slash at the end', { storage: { source: '/bucket/output' } }, '/storage/source'],
    ["a bucket's root", { storage: { source: '/bucket/' } }, '/storage/source'],
    ['no path', { storage: { type: 'obs' } }, '/storage/source'],
    ['a disk without a size', { storage: { type: 'evs' } }, '/storage/sizeGiB'],
    ['another storage', { storage: { type: 'nfs', source: '/a/b/' } }, '/storage/type'],
    ['a dot in the name', { name: 'a.b' }, '/name'],
    ['a name with no room for a mark', { name: 'n'.repeat(52) }, '/name'],
    ['a forbidden character in the description', { description: 'a & b' }, '/description'],
    ['an auto stop below an hour', { autoStop: { afterSeconds: 1800 } }, '/autoStop/afterSeconds'],
    ['an auto stop above a day', { autoStop: { afterSeconds: 86_401 } }, '/autoStop/afterSeconds'],
    ['an auto stop when idle', { autoStop: { afterSeconds: 3600, basis: 'idle' } }, '/autoStop/basis'],
    ['ssh', { interfaces: ['ssh'] }, '/interfaces/0'],
    ['CPUs', { resources: { flavor: 'f', cpus: 2 } }, '/resources/cpus'],
    ['a startup script', { startupScript: 'ls' }, '/startupScript'],
    [
      'an option of notebooks',
      { providerOptions: { modelarts: { volume: { id: 'x' } } } },
      '/providerOptions/modelarts/volume',
    ],
    ['an unknown option', { providerOptions: { modelarts: { wrong: 1 } } }, '/providerOptions/modelarts/wrong'],
  ])('%s', (_name, changes, pointer) => expect(problems(changes)).toContain(pointer))
})

describe('finding an instance by its mark', () => {
  const named = (name: string, more: object = {}) => ({ ...instance, id: `DE-${name}`, name, ...more })

  it('answers all intents from one walk over all pages', async () => {
    const first = { body: { total_count: 3, instances: [named('a-syaaaaaaaaaa'), named('plain')] } }
    on.stub.once(list, first)
    const rest = 'demanager/instances?de_type=Notebook&offset=2&workspace_id=0'
    on.stub.once(v1('GET', rest), { body: { total_count: 3, instances: [named('b-sybbbbbbbbbb')] } })
    const marks = ['aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc']
    const found = await driver().find(
      marks.map((mark) => intent({}, mark)),
      signal,
    )
    expect(found.get('aaaaaaaaaa')).toMatchObject({ found: [{ remoteId: 'DE-a-syaaaaaaaaaa', mark: 'aaaaaaaaaa' }] })
    expect(found.get('bbbbbbbbbb')).toMatchObject({ found: [{ remoteId: 'DE-b-sybbbbbbbbbb' }] })
    expect(found.get('cccccccccc')).toEqual({ absent: true })
    expect(on.stub.requests).toHaveLength(2)
  })

  it.each<[string, object]>([
    ['fewer than it counts', { total_count: 2, instances: [] }],
    ['an instance of another workspace', { total_count: 1, instances: [named('x', { workspace: { id: '7' } })] }],
    ['an instance without a name', { total_count: 1, instances: [{ id: 'DE-1', status: 'RUNNING' }] }],
  ])('concludes nothing from a list that shows %s', async (_name, body) => {
    on.stub.on(list, { body })
    const found = await driver().find([intent()], signal)
    expect(found.get('k7m2q9dxwa')).toMatchObject({ inconclusive: expect.any(String) })
  })

  it('takes an empty list for absent, and an answer without a list for no answer', async () => {
    on.stub.once(list, { body: { total_count: 0, instances: null } })
    expect((await driver().find([intent()], signal)).get('k7m2q9dxwa')).toEqual({ absent: true })
    on.stub.once(list, { body: {} })
    expect(await failureOf(driver().find([intent()], signal))).toMatchObject({ code: 'bad_response' })
  })

  it('looks in the workspace that each was sent to', async () => {
    on.stub.on(list, { body: { total_count: 0, instances: [] } })
    const other = 'demanager/instances?de_type=Notebook&workspace_id=ws1'
    const inOther = named('a-sybbbbbbbbbb', { workspace: { id: 'ws1' } })
    on.stub.on(v1('GET', other), { body: { total_count: 1, instances: [inOther] } })
    const elsewhere = intent({ providerOptions: { modelarts: { workspaceId: 'ws1' } } }, 'bbbbbbbbbb')
    const found = await driver().find([intent(), elsewhere], signal)
    expect([...found.keys()].sort()).toEqual(['bbbbbbbbbb', 'k7m2q9dxwa'])
    expect(found.get('bbbbbbbbbb')).toMatchObject({ found: [{ mark: 'bbbbbbbbbb' }] })
  })
})

describe('looking at an instance', () => {
  it.each([
    ['CREATE_QUEUING', 'provisioning', undefined],
    ['CREATING', 'provisioning', undefined],
    ['CREATE_FAILED', 'failed', 'launch_failed'],
    ['START_QUEUING', 'starting', undefined],
    ['READY_TO_START', 'blocked', 'start_required'],
    ['STARTING', 'starting', undefined],
    ['RESTARTING', 'starting', undefined],
    ['START_FAILED', 'failed', 'launch_failed'],
    ['RUNNING', 'running', undefined],
    ['STOPPING', 'stopping', undefined],
    ['STOPPED', 'stopped', undefined],
    ['UNAVAILABLE', 'failed', undefined],
    ['RESIZING', 'provisioning', 'updating'],
    ['RESIZE_FAILED', 'failed', undefined],
    ['DELETING', 'deleting', undefined],
    ['DELETED', 'deleted', undefined],
    ['SOMETHING_NEW', null, undefined],
    ['constructor', null, undefined],
  ])('shows %s as %s', async (rawState, status, reason) => {
    on.stub.once(details, { body: { ...instance, status: rawState } })
    const seen = await driver().get(id, signal)
    expect(seen).toMatchObject({ remoteId: id, rawState, status, remoteName: instance.name })
    expect((seen as { reason?: string }).reason).toBe(reason)
  })

  it('has a state in its table for each that the test knows, and no other', () => {
    expect(Object.keys(driver().states)).toHaveLength(16)
  })

  it("gives the vendor's words for a failure and for a place in the queue", async () => {
    const failed_reasons = { code: 'ModelArts.6360', message: 'no resources' }
    on.stub.once(details, { body: { ...instance, status: 'CREATE_FAILED', spec: { failed_reasons } } })
    const message = 'no resources (ModelArts.6360)'
    expect(await driver().get(id, signal)).toMatchObject({ reason: 'launch_failed', message })
    on.stub.once(details, { body: { ...instance, queuing_info: { status: 'CREATE_QUEUING', rank: 4 } } })
    expect(await driver().get(id, signal)).toMatchObject({ message: 'Queued for a free resource, rank 4.' })
  })

  it.each([
    [{ status: 'CREATE_FAILED', error_code: 'ModelArts.6360' }, 'ModelArts reports ModelArts.6360.'],
    [{ status: 'UNAVAILABLE', error_code: 'X1' }, 'ModelArts reports the instance as unavailable. (X1)'],
    [{ status: 'RUNNING', error_code: 'X1' }, undefined],
    [{ status: 'CREATE_FAILED', error_code: null }, undefined],
  ])('shows the code that a failed instance has of its own: %j', async (shown, message) => {
    on.stub.once(details, { body: { ...instance, ...shown } })
    const seen = await driver().get(id, signal)
    expect(seen === 'gone' ? seen : seen.message).toBe(message)
  })

  it('is content with an answer that shows next to nothing, and keeps secrets out of the payload', async () => {
    on.stub.once(details, {
      body: { status: 'RUNNING', params_extends: {}, token: 'tok-123', url: 'https://h/?token=tok-456' },
    })
    const seen = await driver().get(id, signal)
    expect(seen).toMatchObject({ remoteId: id, status: 'running' })
    expect(seen).not.toHaveProperty('mark')
    expect(textOf(seen)).not.toMatch(/tok-/)
  })

  it('shows that a name has no mark', async () => {
    on.stub.once(details, { body: { ...instance, name: 'by-hand' } })
    expect(await driver().get(id, signal)).toMatchObject({ mark: null })
  })

  it.each(['6309', '6404'])('takes HTTP 400 with ModelArts.%s for "gone"', async (code) => {
    on.stub.once(details, refusal(code))
    expect(await driver().get(id, signal)).toBe('gone')
  })

  it.each([
    [{ status: 404, body: 'not here' }, 'bad_response'],
    [refusal('2786', 404), 'unauthenticated'],
    [refusal('6357'), 'conflict'],
  ])('does not take %j for "gone"', async (answer, code) => {
    on.stub.once(details, answer)
    expect(await failureOf(driver().get(id, signal))).toMatchObject({ code })
  })

  it.each(['DE-1/token', '..', 'DE-1?x', 'ид', ''])(
    'asks nothing under the id "%s", which the gateway would take for a wrong signature',
    async (strange) => {
      const asked = [driver().get(strange, signal), driver().controls.delete?.(strange, signal)]
      for (const each of asked) {
        expect(await failureOf(Promise.resolve(each))).toMatchObject({ code: 'invalid_request', notSent: true })
      }
      expect(on.stub.requests).toEqual([])
    },
  )

  it('lists page after page, by record', async () => {
    on.stub.once(list, { body: { total_count: 2, instances: [instance] } })
    const first = await driver().list({ cursor: null, watched: [] }, signal)
    expect(first).toMatchObject({ seen: [{ remoteId: id }], next: '1' })
    on.stub.once(v1('GET', 'demanager/instances?de_type=Notebook&offset=1&workspace_id=0'), {
      body: { total_count: 2, instances: [{ ...instance, id: 'DE-2' }] },
    })
    const second = await driver().list({ cursor: first.next, watched: [] }, signal)
    expect(second).toMatchObject({ seen: [{ remoteId: 'DE-2' }], next: null })
  })
})

describe('start, stop and delete', () => {
  it('are the documented calls', async () => {
    on.stub.on(action, { body: { current_status: 'STARTING', previous_state: 'STOPPED' } })
    on.stub.on(remove, { body: { instance_id: id } })
    await driver().controls.start?.(id, signal)
    await driver().controls.stop?.(id, signal)
    await driver().controls.delete?.(id, signal)
    expect(on.sent()).toEqual([
      [`POST /v1/demanager/instances/${id}/action`, { action: 'start' }],
      [`POST /v1/demanager/instances/${id}/action`, { action: 'stop' }],
      [`DELETE /v1/demanager/instances/${id}`],
    ])
  })

  it.each([
    ['start', '6305'],
    ['start', '6306'],
    ['stop', '6307'],
    ['stop', '6308'],
    ['stop', '6309'],
    ['delete', '6309'],
    ['delete', '6404'],
  ] as const)('%s after ModelArts.%s is done', async (verb, code) => {
    on.stub.once(verb === 'delete' ? remove : action, refusal(code))
    await expect(driver().controls[verb]?.(id, signal)).resolves.toBeUndefined()
  })

  it.each([
    ['start', 'RUNNING'],
    ['start', 'STARTING'],
    ['stop', 'STOPPED'],
    ['stop', 'STOPPING'],
    ['delete', 'DELETING'],
  ] as const)('%s after 6357 reads the state, and %s is as wished', async (verb, status) => {
    on.stub.once(verb === 'delete' ? remove : action, refusal('6357'))
    on.stub.once(details, { body: { ...instance, status } })
    await expect(driver().controls[verb]?.(id, signal)).resolves.toBeUndefined()
  })

  it.each([
    ['start', 'STOPPING'],
    ['start', 'SOMETHING_NEW'],
    ['stop', 'STARTING'],
    ['delete', 'RUNNING'],
  ] as const)('%s after 6357 is tried again while the state is %s', async (verb, status) => {
    on.stub.once(verb === 'delete' ? remove : action, refusal('6357'))
    on.stub.once(details, { body: { ...instance, status } })
    expect(await failureOf(driver().controls[verb]?.(id, signal) ?? Promise.resolve())).toMatchObject({
      code: 'conflict',
    })
  })

  it('delete after 6357 is done where it is gone, and start is not', async () => {
    on.stub.on(details, refusal('6309'))
    on.stub.once(remove, refusal('6357'))
    await expect(driver().controls.delete?.(id, signal)).resolves.toBeUndefined()
    on.stub.once(action, refusal('6309'))
    expect(await failureOf(driver().controls.start?.(id, signal) ?? Promise.resolve())).toMatchObject({
      code: 'not_found',
    })
  })

  it('stops first what runs against expectation, and asks to be called again', async () => {
    on.stub.once(remove, refusal('6304'))
    on.stub.once(action, { body: { current_status: 'STOPPING' } })
    expect(await failureOf(driver().controls.delete?.(id, signal) ?? Promise.resolve())).toMatchObject({
      code: 'conflict',
    })
    expect(on.sent()).toContainEqual([`POST /v1/demanager/instances/${id}/action`, { action: 'stop' }])
  })
})

describe('the rest', () => {
  it('updates description and auto stop', async () => {
    on.stub.on(v1('PUT', `demanager/instances/${id}`), { body: 'null' })
    await driver().update?.(id, { ...spec, description: 'new', autoStop: { afterSeconds: 7200 } }, signal)
    expect(on.sent()).toEqual([
      [
        `PUT /v1/demanager/instances/${id}`,
        { description: 'new', spec: { auto_stop: { enable: true, duration: 7200 } } },
      ],
    ])
  })

  it.each([
    [{ description: 'new' }, { description: 'new' }],
    [{ autoStop: { afterSeconds: 7200 } }, { spec: { auto_stop: { enable: true, duration: 7200 } } }],
  ])('of what it did not make, an update changes nothing but %j', async (revised, body) => {
    on.stub.on(v1('PUT', `demanager/instances/${id}`), { body: 'null' })
    await driver().update?.(id, { name: 'imported', ...revised }, signal)
    expect(on.sent()).toEqual([[`PUT /v1/demanager/instances/${id}`, body]])
  })

  it('gives the URL and the token of a running instance', async () => {
    const annotations = { url: 'https://lb.example.com:32000/notebook/x' }
    on.stub.on(details, { body: { ...instance, status: 'RUNNING', spec: { annotations } } })
    const token = v1('GET', `demanager/instances/${id}/token`)
    on.stub.once(token, { body: { token: 'open-sesame' } })
    expect(await driver().access?.(id, signal)).toEqual({
      urls: [{ name: 'jupyter', url: annotations.url }],
      token: 'open-sesame',
    })
    on.stub.once(token, { status: 404, body: { error_code: 'APIG.0101', error_msg: 'no such API' } })
    expect(await driver().access?.(id, signal)).toEqual({ urls: [{ name: 'jupyter', url: annotations.url }] })
  })

  it.each(badAddresses)('gives nothing where the URL is none: %j', async (url) => {
    on.stub.once(details, { body: { ...instance, status: 'RUNNING', spec: { annotations: { url } } } })
    on.stub.once(v1('GET', `demanager/instances/${id}/token`), { body: { token: 'open-sesame' } })
    expect(await failureOf(driver().access?.(id, signal) ?? Promise.resolve())).toMatchObject({ code: 'bad_response' })
  })

  it('has no URL before it runs', async () => {
    on.stub.once(details, { body: instance })
    on.stub.once(v1('GET', `demanager/instances/${id}/token`), refusal('6327'))
    expect(await driver().access?.(id, signal)).toEqual({ urls: [] })
  })

  it("shows everybody's instances where the connection says so", async () => {
    await on.close()
    on = await connect({ visibility: 'all' })
    on.stub.once(v1('GET', 'demanager/instances?de_type=Notebook&show_self=false&workspace_id=0'), {
      body: { total_count: 0, instances: [] },
    })
    expect(await driver().list({ cursor: null, watched: [] }, signal)).toEqual({ seen: [], next: null })
  })
})
