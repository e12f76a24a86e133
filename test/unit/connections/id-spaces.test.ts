import { describe, expect, it } from 'vitest'
import { idSpaceName } from '../../../src/connections/id-spaces.ts'
import { jupyterhubProvider } from '../../../src/providers/jupyterhub/index.ts'
import { modelartsProvider } from '../../../src/providers/modelarts/index.ts'
import type { Provider } from '../../../src/providers/provider.ts'
import { scnetProvider } from '../../../src/providers/scnet/index.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'

const hubAt = (baseUrl: string) => idSpaceName(jupyterhubProvider, { baseUrl }, 'environment')
const of = (provider: Provider, more: JsonObject, kind: Kind) =>
  idSpaceName(provider, { ...provider.sample.settings, ...more }, kind)

describe('one service', () => {
  it.each([
    'http://hub.example.com',
    'https://hub.example.com:443/',
    'http://hub.example.com:80',
    'https://HUB.Example.com.//',
    'https://hub.example.com.:443',
  ])('is the same however its address is written: %s', (baseUrl) => {
    expect(hubAt(baseUrl)).toBe(hubAt('https://hub.example.com'))
  })

  it.each(['https://hub.example.org', 'https://hub.example.com:8443', 'https://hub.example.com/jupyter'])(
    'is not another: %s',
    (baseUrl) => {
      expect(hubAt(baseUrl)).not.toBe(hubAt('https://hub.example.com'))
    },
  )
})

describe('ids that are unique in the world', () => {
  it('mean the same by whatever host and region they are seen', () => {
    const here = of(modelartsProvider, {}, 'environment')
    expect(of(modelartsProvider, { baseUrl: 'https://proxy.example.com', region: 'eu-nl' }, 'environment')).toBe(here)
    const region = { clusterId: '11112' }
    const { clusterId: _, ...unnamed } = scnetProvider.sample.settings
    const named = { ...unnamed, clusterName: 'East' }
    expect(of(scnetProvider, region, 'environment')).toBe(idSpaceName(scnetProvider, named, 'environment'))
  })

  it('are not those of jobs that a region numbers', () => {
    expect(of(scnetProvider, { clusterId: '1' }, 'job')).not.toBe(of(scnetProvider, { clusterId: '2' }, 'job'))
    const containers = { jobApi: 'container' }
    expect(of(scnetProvider, { ...containers, clusterId: '1' }, 'job')).toBe(
      of(scnetProvider, { ...containers, clusterId: '2' }, 'job'),
    )
  })
})
