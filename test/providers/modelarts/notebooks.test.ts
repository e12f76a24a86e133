import { describe, expect, it } from 'vitest'
import { checkSpec, withDefaults } from '../../../src/providers/field-rules.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { textOf } from '../../support/observation-payloads.ts'
import { connectForEachTest, signal, v1 } from './connection.ts'
import { id, image, notebook, spec, volume } from './notebook-samples.ts'

const listed = (rest: string) => v1('GET', `notebooks?limit=50&${rest}workspaceId=0&workspace_id=0`)

const on = connectForEachTest({ environmentApi: 'notebooks' })
const withVolume = (options: JsonObject): Partial<EnvironmentSpec> => ({
  providerOptions: { modelarts: { volume: options } },
})

const driver = () => on.driver('environment')
const intent = (changes: Partial<EnvironmentSpec> = {}, correlationTag?: string) =>
  on.intent<'environment'>({ ...spec, ...changes }, correlationTag)

async function bodyOf(changes: Partial<EnvironmentSpec>): Promise<Record<string, unknown>> {
  on.stub.once(v1('POST', 'notebooks'), { body: notebook })
  await driver().create(intent(changes), signal)
  return JSON.parse(on.stub.requests.at(-1)?.body ?? '') as Record<string, unknown>
}

describe('ModelArts notebook create', () => {
  it('sends the documented request byte for byte, without an auto stop unless requested', async () => {
    on.stub.once(v1('POST', 'notebooks'), { status: 201, body: notebook })
    const created = await driver().create(intent({ queue: 'pool1' }), signal)
    expect(on.stub.requests[0]?.body).toBe(
      `{"name":"notebooks_test-syk7m2q9dxwa","description":"","flavor":"modelarts.vm.cpu.2u","image_id":"${image}","volume":{"category":"EVS","ownership":"MANAGED","capacity":50},"workspace_id":"0","pool_id":"pool1","duration":-1}`,
    )
    expect(created).toMatchObject({ remoteId: id, seen: { status: 'provisioning', correlationTag: 'k7m2q9dxwa' } })
    expect(textOf(created)).not.toContain('3eff13f2')
  })

  it('sends the auto stop in milliseconds, from the start or while idle', async () => {
    expect(await bodyOf({ autoStop: { afterSeconds: 7200 } })).toMatchObject({ duration: 7_200_000 })
    const idle = await bodyOf({ autoStop: { afterSeconds: 7200, basis: 'idle' } })
    expect(idle).toMatchObject({ lease: { duration: 7_200_000, type: 'IDLE' } })
    expect(idle).not.toHaveProperty('duration')
  })

  it('sends access interfaces, a dedicated file system and a script', async () => {
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

  it('sends the secret of a bucket, and none for a parallel file system', async () => {
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
    ['a bucket without its secret', { storage: { type: 'OBS', source: 'obs://b/d/' } }, `${volume}/dewSecretName`],
    ['a bucket without its path', { storage: { type: 'OBS' } }, '/storage/source'],
    ['an invalid path', { storage: { type: 'OBSFS', source: '/bucket/directory/' } }, '/storage/source'],
    ['a bucket with a size', { storage: { type: 'OBSFS', source: 'obs://b/d/', sizeGiB: 5 } }, '/storage/sizeGiB'],
    ['a secret for a disk', withVolume({ dewSecretName: 'x' }), `${volume}/dewSecretName`],
    ['the id of a disk', withVolume({ id: 'x' }), `${volume}/id`],
    ['a dedicated disk', withVolume({ ownership: 'DEDICATED' }), '/storage/source'],
    ['an image that is not an id', { image: 'pytorch' }, '/image'],
    ['a source of a disk', { storage: { type: 'EVS', source: 'x' } }, '/storage/source'],
    ['a file system without its id', { storage: { type: 'EFS', source: 'x' } }, '/providerOptions/modelarts/volume/id'],
    ['rstudio', { interfaces: ['rstudio'] }, '/interfaces/0'],
    ['more than 72 hours', { autoStop: { afterSeconds: 259_201 } }, '/autoStop/afterSeconds'],
    ['a script for the first start only', { startupScript: 'ls', startupScriptScope: 'first' }, '/startupScriptScope'],
    ['an option of demanager', { providerOptions: { modelarts: { pool: {} } } }, '/providerOptions/modelarts/pool'],
  ])('rejects %s', (_name, changes, pointer) => {
    const { accepts, options, check } = driver()
    const rules = { provider: 'modelarts', accepts, ...(options ? { options } : {}), ...(check ? { check } : {}) }
    const problems = checkSpec(rules, withDefaults(accepts, { ...spec, ...changes }))
    expect(problems.map((problem) => problem.pointer)).toContain(pointer)
    expect(checkSpec(rules, withDefaults(accepts, spec))).toEqual([])
  })
})

describe('ModelArts notebook search', () => {
  it('filters by name for one intent and compares the correlation tag', async () => {
    const rest = 'name=notebooks_test-syk7m2q9dxwa&offset=0&'
    const twin = { ...notebook, id: 'other', name: 'notebooks_test-syk7m2q9dxwab' }
    on.stub.once(listed(rest), { body: { total: 2, data: [twin, notebook] } })
    const found = await driver().find([intent()], signal)
    expect(found.get('k7m2q9dxwa')).toMatchObject({ found: [{ remoteId: id }] })
  })

  it('scans by record with any page size', async () => {
    const page = (from: number, size: number) =>
      Array.from({ length: size }, (_, index) => ({ ...notebook, id: `n${from + index}`, name: `n${from + index}` }))
    on.stub.once(listed('offset=0&'), { body: { total: 12, data: page(0, 10) } })
    on.stub.once(listed('offset=10&'), { body: { total: 12, data: [...page(10, 1), notebook] } })
    const found = await driver().find([intent(), intent({}, 'bbbbbbbbbb')], signal)
    expect(found.get('k7m2q9dxwa')).toMatchObject({ found: [{ remoteId: id }] })
    expect(found.get('bbbbbbbbbb')).toEqual({ absent: true })
  })

  it('finds a notebook on two pages once', async () => {
    on.stub.once(listed('offset=0&'), { body: { total: 2, data: [notebook] } })
    on.stub.once(listed('offset=1&'), { body: { total: 2, data: [notebook] } })
    const found = await driver().find([intent(), intent({}, 'bbbbbbbbbb')], signal)
    expect(found.get('k7m2q9dxwa')).toMatchObject({ found: [{ remoteId: id }] })
    expect((found.get('k7m2q9dxwa') as { found: readonly unknown[] }).found).toHaveLength(1)
  })

  it('is inconclusive if the list contains another workspace', async () => {
    const rest = 'name=notebooks_test-syk7m2q9dxwa&offset=0&'
    on.stub.once(listed(rest), { body: { total: 1, data: [{ ...notebook, name: 'x', workspace_id: '7' }] } })
    const found = await driver().find([intent()], signal)
    expect(found.get('k7m2q9dxwa')).toHaveProperty('inconclusive')
  })
})
