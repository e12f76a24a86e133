import { describe, expect, it } from 'vitest'
import { badAddresses } from '../../support/bad-addresses.ts'
import { textOf } from '../../support/observation-payloads.ts'
import { connectForEachTest, failureOf, rejection, signal, v1 } from './connection.ts'
import { id, instance, spec } from './instance-samples.ts'

const details = v1('GET', `demanager/instances/${id}`)
const action = v1('POST', `demanager/instances/${id}/action`)
const remove = v1('DELETE', `demanager/instances/${id}`)
const list = v1('GET', 'demanager/instances?de_type=Notebook&workspace_id=0')

const on = connectForEachTest()

const driver = () => on.driver('environment')

describe('ModelArts instance read', () => {
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
  ])('maps %s to %s', async (rawState, status, reason) => {
    on.stub.once(details, { body: { ...instance, status: rawState } })
    const seen = await driver().get(id, signal)
    expect(seen).toMatchObject({ remoteId: id, rawState, status, remoteName: instance.name })
    expect((seen as { reason?: string }).reason).toBe(reason)
  })

  it('covers every state of this test', () => {
    expect(Object.keys(driver().states)).toHaveLength(16)
  })

  it("returns the vendor's failure message or the queue position", async () => {
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
  ])('returns the error code of a failed instance: %j', async (fields, message) => {
    on.stub.once(details, { body: { ...instance, ...fields } })
    const seen = await driver().get(id, signal)
    expect(seen === 'gone' ? seen : seen.message).toBe(message)
  })

  it('accepts a minimal response and keeps secrets out of the payload', async () => {
    on.stub.once(details, {
      body: { status: 'RUNNING', params_extends: {}, token: 'tok-123', url: 'https://h/?token=tok-456' },
    })
    const seen = await driver().get(id, signal)
    expect(seen).toMatchObject({ remoteId: id, status: 'running' })
    expect(seen).not.toHaveProperty('correlationTag')
    expect(textOf(seen)).not.toMatch(/tok-/)
  })

  it('returns no correlation tag for a name without one', async () => {
    on.stub.once(details, { body: { ...instance, name: 'by-hand' } })
    expect(await driver().get(id, signal)).toMatchObject({ correlationTag: null })
  })

  it.each(['6309', '6404'])('returns gone for HTTP 400 with ModelArts.%s', async (code) => {
    on.stub.once(details, rejection(code))
    expect(await driver().get(id, signal)).toBe('gone')
  })

  it.each([
    [{ status: 404, body: 'not here' }, 'bad_response'],
    [rejection('2786', 404), 'unauthenticated'],
    [rejection('6357'), 'conflict'],
  ])('fails for %j instead of returning gone', async (response, code) => {
    on.stub.once(details, response)
    expect(await failureOf(driver().get(id, signal))).toMatchObject({ code })
  })

  it.each(['DE-1/token', '..', 'DE-1?x', 'ид', ''])('rejects the id "%s" without a request', async (invalidId) => {
    const calls = [driver().get(invalidId, signal), driver().controls.delete?.(invalidId, signal)]
    for (const each of calls) {
      expect(await failureOf(Promise.resolve(each))).toMatchObject({ code: 'invalid_request', notSent: true })
    }
    expect(on.stub.requests).toEqual([])
  })

  it('lists page by page, by record', async () => {
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

describe('ModelArts instance start, stop and delete', () => {
  it('send the documented calls', async () => {
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
  ] as const)('%s succeeds after ModelArts.%s', async (operation, code) => {
    on.stub.once(operation === 'delete' ? remove : action, rejection(code))
    await expect(driver().controls[operation]?.(id, signal)).resolves.toBeUndefined()
  })

  it.each([
    ['start', 'RUNNING'],
    ['start', 'STARTING'],
    ['stop', 'STOPPED'],
    ['stop', 'STOPPING'],
    ['delete', 'DELETING'],
  ] as const)('%s succeeds after 6357 if the state is %s', async (operation, status) => {
    on.stub.once(operation === 'delete' ? remove : action, rejection('6357'))
    on.stub.once(details, { body: { ...instance, status } })
    await expect(driver().controls[operation]?.(id, signal)).resolves.toBeUndefined()
  })

  it.each([
    ['start', 'STOPPING'],
    ['start', 'SOMETHING_NEW'],
    ['stop', 'STARTING'],
    ['delete', 'RUNNING'],
  ] as const)('%s fails with conflict after 6357 if the state is %s', async (operation, status) => {
    on.stub.once(operation === 'delete' ? remove : action, rejection('6357'))
    on.stub.once(details, { body: { ...instance, status } })
    expect(await failureOf(driver().controls[operation]?.(id, signal) ?? Promise.resolve())).toMatchObject({
      code: 'conflict',
    })
  })

  it('delete succeeds after 6357 if the instance is gone, start fails', async () => {
    on.stub.on(details, rejection('6309'))
    on.stub.once(remove, rejection('6357'))
    await expect(driver().controls.delete?.(id, signal)).resolves.toBeUndefined()
    on.stub.once(action, rejection('6309'))
    expect(await failureOf(driver().controls.start?.(id, signal) ?? Promise.resolve())).toMatchObject({
      code: 'not_found',
    })
  })

  it('delete first stops a running instance and fails with conflict', async () => {
    on.stub.once(remove, rejection('6304'))
    on.stub.once(action, { body: { current_status: 'STOPPING' } })
    expect(await failureOf(driver().controls.delete?.(id, signal) ?? Promise.resolve())).toMatchObject({
      code: 'conflict',
    })
    expect(on.sent()).toContainEqual([`POST /v1/demanager/instances/${id}/action`, { action: 'stop' }])
  })
})

describe('ModelArts instance update and access', () => {
  it('update description and auto stop', async () => {
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
  ])('update only the changed field of an import: %j', async (revised, body) => {
    on.stub.on(v1('PUT', `demanager/instances/${id}`), { body: 'null' })
    await driver().update?.(id, { name: 'imported', ...revised }, signal)
    expect(on.sent()).toEqual([[`PUT /v1/demanager/instances/${id}`, body]])
  })

  it('return the URL and the token of a running instance', async () => {
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

  it.each(badAddresses)('reject an invalid URL: %j', async (url) => {
    on.stub.once(details, { body: { ...instance, status: 'RUNNING', spec: { annotations: { url } } } })
    on.stub.once(v1('GET', `demanager/instances/${id}/token`), { body: { token: 'open-sesame' } })
    expect(await failureOf(driver().access?.(id, signal) ?? Promise.resolve())).toMatchObject({ code: 'bad_response' })
  })

  it('return no URL before the instance runs', async () => {
    on.stub.once(details, { body: instance })
    on.stub.once(v1('GET', `demanager/instances/${id}/token`), rejection('6327'))
    expect(await driver().access?.(id, signal)).toEqual({ urls: [] })
  })
})

describe('ModelArts instance visibility', () => {
  const allUsers = connectForEachTest({ visibility: 'all' })

  it('lists the instances of all users if the connection is configured so', async () => {
    allUsers.stub.once(v1('GET', 'demanager/instances?de_type=Notebook&show_self=false&workspace_id=0'), {
      body: { total_count: 0, instances: [] },
    })
    const { list: read } = allUsers.driver('environment')
    expect(await read({ cursor: null, watched: [] }, signal)).toEqual({ seen: [], next: null })
  })
})
