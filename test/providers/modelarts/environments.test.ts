import { describe, expect, it } from 'vitest'
import { checkSpec, withDefaults } from '../../../src/providers/field-rules.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { textOf } from '../../support/observation-payloads.ts'
import { connectForEachTest, failureOf, rejection, signal, v1 } from './connection.ts'
import { id, instance, spec } from './instance-samples.ts'

const instances = v1('POST', 'demanager/instances')
const list = v1('GET', 'demanager/instances?de_type=Notebook&workspace_id=0')

const on = connectForEachTest()

const driver = () => on.driver('environment')
const intent = (changes: Partial<EnvironmentSpec> = {}, correlationTag?: string) =>
  on.intent<'environment'>({ ...spec, ...changes }, correlationTag)

describe('ModelArts instance create', () => {
  it("sends the vendor's sample request byte for byte and reads its sample response", async () => {
    on.stub.once(instances, { body: instance })
    const created = await driver().create(intent(), signal)
    expect(on.stub.requests[0]?.body).toBe(
      '{"name":"notebook-d115-syk7m2q9dxwa","description":"","profile_id":"Ascend-Power-Engine 1.0(python3)","flavor":"modelarts.kat1.xlarge","spec":{"storage":{"location":{"path":"/aaaaaaaaa/output/"},"type":"obs"},"auto_stop":{"enable":true,"duration":3600}},"workspace":{"id":"0"}}',
    )
    expect(created).toMatchObject({
      remoteId: id,
      seen: { remoteId: id, status: 'provisioning', rawState: 'CREATING', correlationTag: 'k7m2q9dxwa' },
    })
    expect(textOf(created)).not.toMatch(/PRIVATE-KEY|ghp_secret/)
  })

  it('sends exactly the planned request', async () => {
    on.stub.once(instances, { body: instance })
    const plan = driver().plan(intent())
    await driver().create(intent(), signal)
    expect(`${plan.method} ${plan.target}`).toBe(instances)
    expect(JSON.stringify(plan.body)).toBe(on.stub.requests[0]?.body)
  })

  it('sends every supported field, and disables auto stop if it is not requested', async () => {
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

  it('reports an existing name as a conflict, which starts a recovery', async () => {
    on.stub.once(instances, rejection('6301'))
    expect(await failureOf(driver().create(intent(), signal))).toMatchObject({ code: 'conflict' })
  })

  it.each([
    ['6318', 'invalid_request'],
    ['6302', 'quota_exceeded'],
    ['6329', 'no_capacity'],
    ['6379', 'permission_denied'],
  ])('maps ModelArts.%s to the rejection %s', async (code, providerErrorCode) => {
    on.stub.once(instances, rejection(code))
    expect(await failureOf(driver().create(intent(), signal))).toMatchObject({
      code: providerErrorCode,
      providerCode: `ModelArts.${code}`,
    })
  })

  it.each([
    ['an unlisted code', rejection('9999'), 'outcome_unknown'],
    ['a 401 without a code', { status: 401, body: 'no' }, 'outcome_unknown'],
    ['an internal error', rejection('0010', 500), 'unavailable'],
    ['an internal error with HTTP 400', rejection('6361'), 'unavailable'],
    ['HTML', { body: '<html>hello</html>' }, 'bad_response'],
    ['truncated JSON', { body: '{"id":"DE-1' }, 'bad_response'],
    ['a reset', { isReset: true as const }, 'unavailable'],
    ['a timeout', { isSilent: true as const }, 'timeout'],
  ])('is not reported as rejected after %s', async (_name, response, code) => {
    on.stub.once(instances, response)
    expect(await failureOf(driver().create(intent(), signal))).toMatchObject({ code, notSent: false })
  })

  it('returns no remote id if the response contains none', async () => {
    on.stub.once(instances, { body: { status: 'CREATING' } })
    expect(await driver().create(intent(), signal)).toEqual({ remoteId: null })
  })

  it('is not sent after its deadline', async () => {
    const expired = intent()
    on.clock.advance(2000)
    expect(await failureOf(driver().create(expired, signal))).toMatchObject({ code: 'timeout', notSent: true })
    expect(on.stub.requests).toEqual([])
  })
})

describe('ModelArts instance spec', () => {
  const problems = (changes: Partial<EnvironmentSpec>) => {
    const { accepts, options, check } = driver()
    const rules = { provider: 'modelarts', accepts, ...(options ? { options } : {}), ...(check ? { check } : {}) }
    return checkSpec(rules, withDefaults(accepts, { ...spec, ...changes })).map(({ pointer }) => pointer)
  }

  it('accepts the sample', () => expect(problems({})).toEqual([]))

  it.each<[string, Partial<EnvironmentSpec>, string]>([
    ['a path without a slash at the end', { storage: { source: '/bucket/output' } }, '/storage/source'],
    ["a bucket's root", { storage: { source: '/bucket/' } }, '/storage/source'],
    ['no path', { storage: { type: 'obs' } }, '/storage/source'],
    ['a disk without a size', { storage: { type: 'evs' } }, '/storage/sizeGiB'],
    ['another storage', { storage: { type: 'nfs', source: '/a/b/' } }, '/storage/type'],
    ['a dot in the name', { name: 'a.b' }, '/name'],
    ['a name without space for the correlation tag', { name: 'n'.repeat(52) }, '/name'],
    ['a forbidden character in the description', { description: 'a & b' }, '/description'],
    ['an auto stop below an hour', { autoStop: { afterSeconds: 1800 } }, '/autoStop/afterSeconds'],
    ['an auto stop above a day', { autoStop: { afterSeconds: 86_401 } }, '/autoStop/afterSeconds'],
    ['an auto stop based on idleness', { autoStop: { afterSeconds: 3600, basis: 'idle' } }, '/autoStop/basis'],
    ['ssh', { interfaces: ['ssh'] }, '/interfaces/0'],
    ['CPUs', { resources: { flavor: 'f', cpus: 2 } }, '/resources/cpus'],
    ['a startup script', { startupScript: 'ls' }, '/startupScript'],
    [
      'an option of notebooks',
      { providerOptions: { modelarts: { volume: { id: 'x' } } } },
      '/providerOptions/modelarts/volume',
    ],
    ['an unknown option', { providerOptions: { modelarts: { wrong: 1 } } }, '/providerOptions/modelarts/wrong'],
  ])('rejects %s', (_name, changes, pointer) => expect(problems(changes)).toContain(pointer))
})

describe('ModelArts instance search', () => {
  const instanceNamed = (name: string, more: object = {}) => ({ ...instance, id: `DE-${name}`, name, ...more })

  it('resolves all intents in one scan over all pages', async () => {
    const first = { body: { total_count: 3, instances: [instanceNamed('a-syaaaaaaaaaa'), instanceNamed('plain')] } }
    on.stub.once(list, first)
    const rest = 'demanager/instances?de_type=Notebook&offset=2&workspace_id=0'
    on.stub.once(v1('GET', rest), { body: { total_count: 3, instances: [instanceNamed('b-sybbbbbbbbbb')] } })
    const correlationTags = ['aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc']
    const found = await driver().find(
      correlationTags.map((correlationTag) => intent({}, correlationTag)),
      signal,
    )
    expect(found.get('aaaaaaaaaa')).toMatchObject({
      found: [{ remoteId: 'DE-a-syaaaaaaaaaa', correlationTag: 'aaaaaaaaaa' }],
    })
    expect(found.get('bbbbbbbbbb')).toMatchObject({ found: [{ remoteId: 'DE-b-sybbbbbbbbbb' }] })
    expect(found.get('cccccccccc')).toEqual({ absent: true })
    expect(on.stub.requests).toHaveLength(2)
  })

  it.each<[string, object]>([
    ['fewer items than its total', { total_count: 2, instances: [] }],
    [
      'an instance of another workspace',
      { total_count: 1, instances: [instanceNamed('x', { workspace: { id: '7' } })] },
    ],
    ['an instance without a name', { total_count: 1, instances: [{ id: 'DE-1', status: 'RUNNING' }] }],
  ])('is inconclusive for a list with %s', async (_name, body) => {
    on.stub.on(list, { body })
    const found = await driver().find([intent()], signal)
    expect(found.get('k7m2q9dxwa')).toMatchObject({ inconclusive: expect.any(String) })
  })

  it('reports absence for an empty list, and fails without a list', async () => {
    on.stub.once(list, { body: { total_count: 0, instances: null } })
    expect((await driver().find([intent()], signal)).get('k7m2q9dxwa')).toEqual({ absent: true })
    on.stub.once(list, { body: {} })
    expect(await failureOf(driver().find([intent()], signal))).toMatchObject({ code: 'bad_response' })
  })

  it('reads the workspace of each intent', async () => {
    on.stub.on(list, { body: { total_count: 0, instances: [] } })
    const other = 'demanager/instances?de_type=Notebook&workspace_id=ws1'
    const inOther = instanceNamed('a-sybbbbbbbbbb', { workspace: { id: 'ws1' } })
    on.stub.on(v1('GET', other), { body: { total_count: 1, instances: [inOther] } })
    const otherIntent = intent({ providerOptions: { modelarts: { workspaceId: 'ws1' } } }, 'bbbbbbbbbb')
    const found = await driver().find([intent(), otherIntent], signal)
    expect([...found.keys()].sort()).toEqual(['bbbbbbbbbb', 'k7m2q9dxwa'])
    expect(found.get('bbbbbbbbbb')).toMatchObject({ found: [{ correlationTag: 'bbbbbbbbbb' }] })
  })
})
