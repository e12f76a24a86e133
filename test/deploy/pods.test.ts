import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Labels, type Manifest, type PodSpec, prepare, reasonToSkip, render, renderWith } from './chart.ts'

const everything = join(import.meta.dirname, 'values/everything.yaml')

interface Pod {
  name: string
  labels: Labels
  spec: PodSpec
}

const podsOf = (manifests: readonly Manifest[]): Pod[] =>
  manifests.flatMap(({ metadata: { name }, spec }) =>
    spec?.template === undefined ? [] : [{ name, labels: spec.template.metadata.labels, spec: spec.template.spec }],
  )

function selectorOf({ spec }: Manifest): object | undefined {
  const selector = spec?.podSelector ?? spec?.selector
  return selector?.matchLabels ?? selector
}

const isSelected = (pod: Pod, labels: object) =>
  Object.entries(labels).every(([name, value]) => pod.labels[name] === value)

describe.skipIf(reasonToSkip !== '')('pods of the Helm chart', () => {
  beforeAll(prepare)

  it('meet the Pod Security Standard "restricted", with a read-only root and no token', async () => {
    const pods = podsOf(await renderWith())
    expect(pods.map(({ name }) => name).sort()).toEqual(['switchyard-api', 'switchyard-migration', 'switchyard-worker'])
    for (const { spec } of pods) {
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      })
      for (const { securityContext, volumeMounts } of spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        expect(volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }])
      }
    }
  })

  it('run as the user of the image, which is a number', async () => {
    const dockerfile = await readFile(join(import.meta.dirname, '../../Dockerfile'), 'utf8')
    const user = /^USER (\d+):(\d+)$/m.exec(dockerfile)
    const [pod] = podsOf(await renderWith())
    expect(pod?.spec.securityContext).toMatchObject({ runAsUser: Number(user?.[1]), runAsGroup: Number(user?.[2]) })
    expect(dockerfile).toContain('"dist/main.js", "serve"')
  })

  it('have more time to stop than the service takes', async () => {
    const periods = (manifests: readonly Manifest[]) =>
      podsOf(manifests).map(({ spec }) => spec.terminationGracePeriodSeconds)
    // SHUTDOWN_TIMEOUT_MS, rounded up, and ten seconds.
    expect(new Set(periods(await renderWith()))).toEqual(new Set([50]))
    expect(new Set(periods(await render(everything)))).toEqual(new Set([71]))
  })

  it('of the API are replaced only after a new one is ready, and are asked for readiness and liveness', async () => {
    const api = (await renderWith()).find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'switchyard-api',
    )
    expect(api?.spec.strategy?.rollingUpdate.maxUnavailable).toBe(0)
    const [container] = api?.spec.template?.spec.containers ?? []
    expect(container?.readinessProbe?.httpGet.path).toBe('/readyz')
    expect(container?.livenessProbe?.httpGet.path).toBe('/livez')
  })

  it('are selected by the objects of their component only', async () => {
    const manifests = await render(everything)
    const pods = podsOf(manifests)
    const selectors = manifests
      .filter(({ kind }) => kind !== 'ServiceMonitor')
      .flatMap((manifest) => {
        const labels = selectorOf(manifest)
        // The Service of the API has the name of the release.
        const name =
          manifest.metadata.name === 'switchyard' ? 'switchyard-api' : manifest.metadata.name.replace(/-metrics$/, '')
        return labels === undefined ? [] : [{ name, labels }]
      })
    expect(selectors).toHaveLength(10)
    for (const { name, labels } of selectors)
      expect(pods.filter((pod) => isSelected(pod, labels)).map((pod) => pod.name)).toEqual([name])
  })
})

describe.skipIf(reasonToSkip !== '')('the migration of the Helm chart', () => {
  beforeAll(prepare)

  it('runs before all else, after the account and the network policy that it uses', async () => {
    const hooks = (await renderWith()).filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] !== undefined)
    const weights = hooks.map(({ kind, metadata: { name, annotations } }) => {
      expect(annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' })
      return { kind, name, weight: Number(annotations?.['helm.sh/hook-weight']) }
    })
    const name = 'switchyard-migration'
    expect(weights.sort((a, b) => a.weight - b.weight || a.kind.localeCompare(b.kind))).toEqual([
      { kind: 'NetworkPolicy', name, weight: -10 },
      { kind: 'ServiceAccount', name, weight: -10 },
      { kind: 'Job', name, weight: 0 },
    ])
    expect(podsOf(hooks)[0]?.spec).toMatchObject({
      serviceAccountName: name,
      containers: [{ args: ['node', 'dist/main.js', 'migrate'] }],
    })
  })

  it('has labels and annotations of its own, since a sidecar for the others would never end', async () => {
    const metadataOf = async (values: object) =>
      new Map((await renderWith(values)).map(({ metadata, spec }) => [metadata.name, spec?.template?.metadata]))
    const marked = (by: string) => ({ podLabels: { by }, podAnnotations: { 'sidecar.example.com/inject': by } })
    const pods = await metadataOf({ ...marked('service'), migration: marked('migration') })
    for (const [name, by] of Object.entries({ api: 'service', worker: 'service', migration: 'migration' }))
      expect(pods.get(`switchyard-${name}`), name).toMatchObject({
        ...{ labels: { by }, annotations: { 'sidecar.example.com/inject': by } },
      })
    expect((await metadataOf(marked('service'))).get('switchyard-migration')).not.toHaveProperty('annotations')
  })

  it('uses no object of the chart if the account is an existing one', async () => {
    const manifests = await renderWith({ serviceAccount: { create: false, name: 'mine' } })
    expect(podsOf(manifests).map(({ spec }) => spec.serviceAccountName)).toEqual(['mine', 'mine', 'mine'])
    expect(manifests.filter(({ kind }) => kind === 'ServiceAccount')).toEqual([])
  })
})

describe.skipIf(reasonToSkip !== '')('network policies of the Helm chart', () => {
  beforeAll(prepare)

  /** UDP and TCP; 5353 is the port of the pods in OpenShift. */
  const dns = [53, 53, 5353, 5353]
  const portsOf = async (values: object) => {
    const policies = (await renderWith(values)).filter(({ kind }) => kind === 'NetworkPolicy')
    return policies.map(({ metadata, spec }) => ({
      name: metadata.name,
      ports: (spec.egress ?? []).flatMap(({ ports }) => ports.map(({ port }) => port)),
    }))
  }

  it('allow Redis only if it is used, and the migration only Postgres', async () => {
    const keys = { REDIS_URL: 'REDIS_URL' }
    expect(await portsOf({})).toEqual([
      { name: 'switchyard-api', ports: [...dns, 5432, 443] },
      { name: 'switchyard-worker', ports: [...dns, 5432, 443] },
      { name: 'switchyard-migration', ports: [...dns, 5432] },
    ])
    const [api] = await portsOf({ secrets: { existingSecret: 'switchyard', keys } })
    expect(api?.ports).toEqual([...dns, 5432, 6379, 443])
  })

  it('allow a collector only if traces are exported, by the Secret or a further variable', async () => {
    const keys = { OTEL_EXPORTER_OTLP_ENDPOINT: 'otlp' }
    const extraEnv = [{ name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', value: 'http://collector:4318/v1/traces' }]
    for (const values of [{ secrets: { existingSecret: 'switchyard', keys } }, { extraEnv }])
      expect(await portsOf(values)).toEqual([
        { name: 'switchyard-api', ports: [...dns, 5432, 443, 4318] },
        { name: 'switchyard-worker', ports: [...dns, 5432, 443, 4318] },
        { name: 'switchyard-migration', ports: [...dns, 5432] },
      ])
  })
})
