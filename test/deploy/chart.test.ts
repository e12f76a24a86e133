import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { chart, helm, prepare, reasonToSkip, render, renderWith, validate, withFile } from './chart.ts'
import versions from './versions.json' with { type: 'json' }

const values = (name: string) => join(import.meta.dirname, 'values', `${name}.yaml`)

describe.skipIf(reasonToSkip !== '')('Helm chart', () => {
  beforeAll(prepare)

  describe.each(['default', 'everything', 'nothing'])('values file %s', (name) => {
    it('passes helm lint', async () => {
      expect(await helm('lint', '--strict', chart, '--values', values(name))).toContain(
        '1 chart(s) linted, 0 chart(s) failed',
      )
    })

    it.each(versions.kubernetes)('is valid in Kubernetes %s without unknown fields', async (version) => {
      const text = await helm('template', 'switchyard', chart, '--values', values(name))
      const summary = await withFile(text, (file) => validate(file, version))
      expect(summary).toMatch(/Valid: [1-9]\d*, Invalid: 0, Errors: 0, Skipped: 0/)
    })
  })

  it('renders all object kinds with everything enabled and only required ones otherwise', async () => {
    const kinds = async (name: string) => [...new Set((await render(values(name))).map(({ kind }) => kind))].sort()
    expect(await kinds('everything')).toEqual([
      ...['Deployment', 'HorizontalPodAutoscaler', 'Ingress', 'Job', 'NetworkPolicy', 'PodDisruptionBudget'],
      ...['Service', 'ServiceAccount', 'ServiceMonitor'],
    ])
    expect(await kinds('nothing')).toEqual(['Deployment', 'Service'])
  })

  it('validation rejects an unknown Kubernetes field', async () => {
    const text = await helm('template', 'switchyard', chart, '--values', values('everything'))
    for (const [field, misspelt] of [
      ['readOnlyRootFilesystem', 'readOnlyRoot'],
      ['scrapeTimeout', 'scrapeTimeOut'],
    ] as const) {
      const invalid = withFile(text.replaceAll(`${field}:`, `${misspelt}:`), (file) => validate(file, '1.37.0'))
      await expect(invalid).rejects.toThrow(`additional properties '${misspelt}' not allowed`)
    }
  })

  it('limits object names and labels to 63 characters', async () => {
    const fullnameOverride = 'a'.repeat(80)
    const image = { repository: 'registry.example.com/switchyard', tag: `${'1'.repeat(62)}.${'2'.repeat(20)}` }
    const manifests = await renderWith({ fullnameOverride, image, serviceMonitor: { enabled: true } })
    expect(Math.max(...manifests.map(({ metadata }) => metadata.name.length))).toBe(63)
    for (const { metadata, spec } of manifests)
      for (const labels of [metadata.labels, spec?.template?.metadata.labels ?? {}])
        for (const label of Object.values(labels)) expect(label).toMatch(/^[a-zA-Z0-9]([-\w.]{0,61}[a-zA-Z0-9])?$/)
  })

  it('has the version of package.json as appVersion', async () => {
    const { appVersion } = parse(await readFile(join(chart, 'Chart.yaml'), 'utf8'))
    const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'))
    expect(appVersion).toBe(version)
  })

  it('sets replicas only without an autoscaler', async () => {
    const replicas = async (name: string) =>
      (await render(values(name))).filter(({ kind }) => kind === 'Deployment').map(({ spec }) => spec.replicas)
    expect(await replicas('everything')).toEqual([undefined, undefined])
    expect(await replicas('nothing')).toEqual([1, 1])
  })

  it('scales workers by backlog only if a metric is configured', async () => {
    const autoscaling = { enabled: true }
    const metrics = async (backlog: object) => {
      const manifests = await renderWith({ worker: { autoscaling: { ...autoscaling, backlog } } })
      return manifests.find(({ kind }) => kind === 'HorizontalPodAutoscaler')?.spec.metrics
    }
    expect(await metrics({})).toMatchObject([{ type: 'Resource' }])
    expect(await metrics({ metric: 'switchyard_backlog', averageValue: '20' })).toMatchObject([
      { type: 'Resource' },
      {
        type: 'External',
        external: { metric: { name: 'switchyard_backlog' }, target: { type: 'AverageValue', averageValue: '20' } },
      },
    ])
  })
})
