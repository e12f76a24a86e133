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
  if (source === null) throw new Error('these settings cannot be read')
  return source
}

const of = (provider: Provider, more: JsonObject, kind: Kind) =>
  sourceOf(provider, { ...provider.sample.settings, ...more }, kind)

/** Batch jobs of the region that is called so. */
function jobsOf(region: JsonObject, more: JsonObject = {}) {
  const { clusterId: _, ...settings } = scnetProvider.sample.settings
  return sourceOf(scnetProvider, { ...settings, ...region, ...more }, 'job')
}

describe('one service', () => {
  it.each([
    'http://hub.example.com',
    'https://hub.example.com:443/',
    'http://hub.example.com:80',
    'https://HUB.Example.com.//',
    'https://hub.example.com.:443',
  ])('is the same however its address is written: %s', (baseUrl) => {
    expect(hubAt(baseUrl)).toEqual(hubAt('https://hub.example.com'))
  })

  it.each(['/slurm%2Drest/', '//slurm-rest', '/./slurm-rest', '/x/../slurm-rest//', '/%73lurm-rest'])(
    'is the same however its path is written: %s',
    (path) => {
      const at = (baseUrl: string) => of(slurmProvider, { baseUrl }, 'job')
      expect(at(`http://login1:6820${path}`)).toEqual(at('http://login1:6820/slurm-rest'))
      expect(at(`http://login1:6820${path}`)).not.toEqual(at('http://login1:6820/slurm-rest-2'))
    },
  )

  it.each(['https://hub.example.org', 'https://hub.example.com:8443', 'https://hub.example.com/jupyter'])(
    'is not another: %s',
    (baseUrl) => {
      expect(hubAt(baseUrl)).not.toEqual(hubAt('https://hub.example.com'))
    },
  )
})

describe('ids that are unique in the world', () => {
  it('mean the same by whatever host and region they are seen', () => {
    const here = of(modelartsProvider, {}, 'environment')
    expect(of(modelartsProvider, { baseUrl: 'https://proxy.example.com', region: 'eu-nl' }, 'environment')).toEqual(
      here,
    )
    const { clusterId: _, ...unnamed } = scnetProvider.sample.settings
    const named = { ...unnamed, clusterName: 'East' }
    expect(of(scnetProvider, {}, 'environment')).toEqual(sourceOf(scnetProvider, named, 'environment'))
    const containers = { jobApi: 'container' }
    expect(jobsOf({ clusterId: '1' }, containers)).toEqual(jobsOf({ clusterId: '2' }, containers))
  })
})

describe('ids that a region gives out', () => {
  const byId = { clusterId: '11112' }
  const byName = { clusterName: 'East' }

  it.each<[string, JsonObject, JsonObject]>([
    ['its id here and its name there', byId, byName],
    ['both here and one of them there', { ...byId, ...byName }, byName],
    ['both', { ...byId, ...byName }, { ...byId, ...byName }],
    ['nothing here', {}, byId],
  ])('may be the same by %s', (_, one, other) => {
    expect(mayBeOne(jobsOf(one), jobsOf(other))).toBe(true)
    expect(mayBeOne(jobsOf(other), jobsOf(one))).toBe(true)
  })

  it.each<[string, JsonObject, JsonObject, JsonObject?]>([
    ['ids', byId, { clusterId: '11113' }],
    ['names', byName, { clusterName: 'West' }],
    ['ids, whatever one is named,', { ...byId, ...byName }, { clusterId: '11113' }],
    ['platforms', byId, byId, { platformUrl: 'https://ac.example.com' }],
  ])('are apart by different %s', (_, one, other, more = {}) => {
    expect(mayBeOne(jobsOf(one), jobsOf(other, more))).toBe(false)
    expect(mayBeOne(jobsOf(other, more), jobsOf(one))).toBe(false)
  })
})
