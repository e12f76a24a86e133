import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { startDataforest } from './dataforest-sandbox.ts'
import { post, workspaceExample } from './ncp-client.ts'

const forest = forEachTest(startDataforest, ({ sandbox }) => sandbox.close())

const accountId = workspaceExample.accountId
const search = { search: { accountId } }

describe('AI workspaces', () => {
  it("takes the documents' example and answers with an id alone", async () => {
    const { status, json } = await forest.call('aiworkspaces/create', workspaceExample)
    expect(status).toBe(200)
    expect(json).toEqual({ success: true, id: expect.stringMatching(/^[0-9A-Za-z]{21,22}$/) })
  })

  it("refuses a slash in the image with the documents' very message", async () => {
    const configuration = {
      ...workspaceExample.configuration,
      docker: { ...workspaceExample.configuration.docker, image: 'tensorflow/r2.3.1-py3' },
    }
    const reply = await forest.call('aiworkspaces/create', { ...workspaceExample, configuration })
    expect(reply.status).toBe(400)
    expect(reply.json).toEqual({
      message:
        'invalid request parameter (configuration.docker.image, \'tensorflow/r2.3.1-py3\'). "^(dataforest/)?([a-z0-9._-]{1,30}):([a-z0-9._-]{1,20})$"와 일치해야 합니다',
      success: false,
    })
  })

  it.each(['Api', 'a--b', 'ab-', '1ab', 'a'.repeat(16), ''])('refuses the name %j', async (name) => {
    const reply = await forest.call('aiworkspaces/create', { ...workspaceExample, name })
    expect(reply.status).toBe(400)
    expect(reply.json.message).toContain(`invalid request parameter (name, '${name}').`)
  })

  it.each([
    [{ ...workspaceExample, accountId: undefined }, "(accountId, 'null')"],
    [{ ...workspaceExample, configuration: undefined }, "(configuration, 'null')"],
    [{ ...workspaceExample, configuration: { docker: { image: 'a:b' } } }, "(configuration.docker.command, 'null')"],
    [{ ...workspaceExample, description: 'x'.repeat(256) }, '(description,'],
    [{ ...workspaceExample, name: 7 }, "(name, '7')"],
  ])('names the field that breaks a rule (case %#)', async (body, named) => {
    const reply = await forest.call('aiworkspaces/create', body)
    expect(reply).toMatchObject({ status: 400, json: { success: false, message: expect.stringContaining(named) } })
  })

  it('refuses a name that is taken until the workspace is deleted', async () => {
    const id = await forest.makeWorkspace()
    expect((await forest.call('aiworkspaces/create', workspaceExample)).status).toBe(400)
    const isFree = async () =>
      (await forest.call('aiworkspaces/checkAvailableName', { accountId, name: 'api-test' })).json.availableName
    expect(await isFree()).toBe(false)
    expect((await forest.call('aiworkspaces/delete', { id })).json).toEqual({ success: true, id })
    expect(await isFree()).toBe(true)
  })

  it('keeps every configuration and shows them without workdir', async () => {
    const id = await forest.makeWorkspace()
    forest.time.ms += 1000
    const configuration = { docker: { image: 'pytorch:r1.7.0-py3', command: 'true', workdir: '/root/' } }
    await forest.call('aiworkspaces/setConfiguration', { id, configuration })
    const { json } = await forest.call('aiworkspaces/getDetail', { id })
    expect(json).toMatchObject({ id, name: 'api-test', accountId, accountName: 'acct', imageVersion: 'r1.7.0-py3' })
    expect(json.createdAt).toBe('2026-01-05T09:00:00.000+09:00')
    expect(json.modifiedAt).toBe('2026-01-05T09:00:01.000+09:00')
    expect(json.contents).toHaveLength(2)
    expect(json.contents[1].configuration.docker).toEqual({ image: 'pytorch:r1.7.0-py3', command: 'true' })
    const list = await forest.call('aiworkspaces/getConfigurationList', { id })
    expect(list.json).toMatchObject({ total: 2, contents: json.contents })
  })

  it('lists by the nested filter only', async () => {
    const id = await forest.makeWorkspace()
    const { json } = await forest.call('aiworkspaces/getList', search)
    expect(json).toMatchObject({ success: true, total: 1, contents: [{ id, description: 'test', disabled: false }] })
    expect((await forest.call('aiworkspaces/getList', { accountId })).status).toBe(400)
  })

  it('offers images as a map of lists', async () => {
    const { json } = await forest.call('aiworkspaces/getDockerImageList', { search: { typeName: 'tensorflow' } })
    expect(json.dockerImages.tensorflow).toContain('tensorflow:r2.3.1-py3')
    const refused = await forest.call('aiworkspaces/getDockerImageList', { search: { typeName: 'caffe' } })
    expect(refused.status).toBe(400)
  })

  it('tells an unknown account or workspace (404) from one of somebody else (403)', async () => {
    const [other] = forest.sandbox.otherAccounts.dataforest
    const id = await forest.makeWorkspace()
    const asOther = { ...forest.caller, ...other }
    const unknown = { ...workspaceExample, accountId: 'nobody' }
    const foreign = { ...workspaceExample, accountId: other?.accountId }
    expect(await forest.call('aiworkspaces/create', unknown)).toMatchObject({
      status: 404,
      json: { message: 'no such element', success: false },
    })
    expect(await forest.call('aiworkspaces/create', foreign)).toMatchObject({
      status: 403,
      json: { message: 'not allowed to access', success: false },
    })
    expect((await forest.call('aiworkspaces/getDetail', { id: 'nothing' })).status).toBe(404)
    expect((await post(asOther, '/api/v2/aiworkspaces/getDetail', { id })).status).toBe(403)
  })
})
