import { describe, expect, it } from 'vitest'
import { idSourceOf, mayBeOne } from '../../../src/connections/id-spaces.ts'
import { jupyterhubProvider } from '../../../src/providers/jupyterhub/index.ts'
import { modelartsProvider } from '../../../src/providers/modelarts/index.ts'
import type { Provider } from '../../../src/providers/provider.ts'
import { scnetProvider } from '../../../src/providers/scnet/index.ts'
import { slurmProvider } from '../../../src/providers/slurm/index.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'

const hubAt = (baseUrl: string) => idSourceOf(jupyterhubProvider, { baseUrl }, 'environment')

function sourceOf(provider: Provider, settings: JsonObject, kind: Kind) {
  const source = idSourceOf(provider, settings, kind)
  if (source === null) throw new Error('invalid settings')
  return source
}

const sourceWith = (provider: Provider, more: JsonObject, kind: Kind) =>
  sourceOf(provider, { ...provider.sample.settings, ...more }, kind)

/** The id source of batch jobs in a region. */
function jobsOf(region: JsonObject, more: JsonObject = {}) {
  const { clusterId: _, ...settings } = scnetProvider.sample.settings
  return sourceOf(scnetProvider, { ...settings, ...region, ...more }, 'job')
}

describe('id source of a service address', () => {
  it.each([
    'http://hub.example.com',
    'https://hub.example.com:443/',
    'http://hub.example.com:80',
    'https://HUB.Example.com.//',
    'https://hub.example.com.:443',
  ])('is equal for the address form %s', (baseUrl) => {
    expect(hubAt(baseUrl)).toEqual(hubAt('https://hub.example.com'))
  })

  it.each(['/slurm%2Drest/', '//slurm-rest', '/./slurm-rest', '/x/../slurm-rest//', '/%73lurm-rest'])(
    'is equal for the path form %s',
    (path) => {
      const at = (baseUrl: string) => sourceWith(slurmProvider, { baseUrl }, 'job')
      expect(at(`http://login1:6820${path}`)).toEqual(at('http://login1:6820/slurm-rest'))
      expect(at(`http://login1:6820${path}`)).not.toEqual(at('http://login1:6820/slurm-rest-2'))
    },
  )

  it.each(['https://hub.example.org', 'https://hub.example.com:8443', 'https://hub.example.com/jupyter'])(
    'differs for %s',
    (baseUrl) => {
      expect(hubAt(baseUrl)).not.toEqual(hubAt('https://hub.example.com'))
    },
  )
})

describe('globally unique ids', () => {
  it('are comparable across hosts and regions', () => {
    const here = sourceWith(modelartsProvider, {}, 'environment')
    expect(
      sourceWith(modelartsProvider, { baseUrl: 'https://proxy.example.com', region: 'eu-nl' }, 'environment'),
    ).toEqual(here)
    const { clusterId: _, ...unnamed } = scnetProvider.sample.settings
    const named = { ...unnamed, clusterName: 'East' }
    expect(sourceWith(scnetProvider, {}, 'environment')).toEqual(sourceOf(scnetProvider, named, 'environment'))
    const containers = { jobApi: 'container' }
    expect(jobsOf({ clusterId: '1' }, containers)).toEqual(jobsOf({ clusterId: '2' }, containers))
  })
})

describe('ids unique in a region', () => {
  const byId = { clusterId: '11112' }
  const byName = { clusterName: 'East' }

  it.each<[string, JsonObject, JsonObject]>([
    ['id and name', byId, byName],
    ['id and name, and name alone', { ...byId, ...byName }, byName],
    ['id and name on both sides', { ...byId, ...byName }, { ...byId, ...byName }],
    ['no region and id', {}, byId],
  ])('may match for regions with %s', (_, one, other) => {
    expect(mayBeOne(jobsOf(one), jobsOf(other))).toBe(true)
    expect(mayBeOne(jobsOf(other), jobsOf(one))).toBe(true)
  })

  it.each<[string, JsonObject, JsonObject, JsonObject?]>([
    ['region ids', byId, { clusterId: '11113' }],
    ['region names', byName, { clusterName: 'West' }],
    ['region ids and one name', { ...byId, ...byName }, { clusterId: '11113' }],
    ['platforms', byId, byId, { platformUrl: 'https://ac.example.com' }],
  ])('never match with different %s', (_, one, other, more = {}) => {
    expect(mayBeOne(jobsOf(one), jobsOf(other, more))).toBe(false)
    expect(mayBeOne(jobsOf(other, more), jobsOf(one))).toBe(false)
  })
})
