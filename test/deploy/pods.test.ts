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

describe.skipIf(reasonToSkip !== '')('Helm chart pods', () => {
  beforeAll(prepare)

  it('meet the restricted Pod Security Standard with a read-only root and no token', async () => {
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

  it('run as the numeric user of the image', async () => {
    const dockerfile = await readFile(join(import.meta.dirname, '../../Dockerfile'), 'utf8')
    const user = /^USER (\d+):(\d+)$/m.exec(dockerfile)
    const [pod] = podsOf(await renderWith())
    expect(pod?.spec.securityContext).toMatchObject({ runAsUser: Number(user?.[1]), runAsGroup: Number(user?.[2]) })
    expect(dockerfile).toContain('"dist/main.js", "serve"')
  })

  it('have a termination grace period longer than the shutdown timeout', async () => {
    const periods = (manifests: readonly Manifest[]) =>
      podsOf(manifests).map(({ spec }) => spec.terminationGracePeriodSeconds)
    // SHUTDOWN_TIMEOUT_MS rounded up to seconds, plus ten.
    expect(new Set(periods(await renderWith()))).toEqual(new Set([50]))
    expect(new Set(periods(await render(everything)))).toEqual(new Set([71]))
  })

  it('of the API roll over without unavailability and have readiness and liveness probes', async () => {
    const api = (await renderWith()).find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'switchyard-api',
    )
    expect(api?.spec.strategy?.rollingUpdate.maxUnavailable).toBe(0)
    const [container] = api?.spec.template?.spec.containers ?? []
    expect(container?.readinessProbe?.httpGet.path).toBe('/readyz')
    expect(container?.livenessProbe?.httpGet.path).toBe('/livez')
  })

  it('are selected only by objects of their component', async () => {
    const manifests = await render(everything)
    const pods = podsOf(manifests)
    const selectors = manifests
      .filter(({ kind }) => kind !== 'ServiceMonitor')
      .flatMap((manifest) => {
        const labels = selectorOf(manifest)
        // The API Service is named after the release.
        const name =
          manifest.metadata.name === 'switchyard' ? 'switchyard-api' : manifest.metadata.name.replace(/-metrics$/, '')
        return labels === undefined ? [] : [{ name, labels }]
      })
    expect(selectors).toHaveLength(10)
    for (const { name, labels } of selectors)
      expect(pods.filter((pod) => isSelected(pod, labels)).map((pod) => pod.name)).toEqual([name])
  })
})

describe.skipIf(reasonToSkip !== '')('Helm chart migration', () => {
  beforeAll(prepare)

  it('runs as a pre-install hook after its service account and network policy', async () => {
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

  it('has separate pod labels and annotations', async () => {
    // A sidecar injected into the migration would keep its pod running.
    const metadataOf = async (values: object) =>
      new Map((await renderWith(values)).map(({ metadata, spec }) => [metadata.name, spec?.template?.metadata]))
    const podMetadata = (by: string) => ({ podLabels: { by }, podAnnotations: { 'sidecar.example.com/inject': by } })
    const pods = await metadataOf({ ...podMetadata('service'), migration: podMetadata('migration') })
    for (const [name, by] of Object.entries({ api: 'service', worker: 'service', migration: 'migration' }))
      expect(pods.get(`switchyard-${name}`), name).toMatchObject({
        ...{ labels: { by }, annotations: { 'sidecar.example.com/inject': by } },
      })
    expect((await metadataOf(podMetadata('service'))).get('switchyard-migration')).not.toHaveProperty('annotations')
  })

  it('uses an existing service account and creates none', async () => {
    const manifests = await renderWith({ serviceAccount: { create: false, name: 'mine' } })
    expect(podsOf(manifests).map(({ spec }) => spec.serviceAccountName)).toEqual(['mine', 'mine', 'mine'])
    expect(manifests.filter(({ kind }) => kind === 'ServiceAccount')).toEqual([])
  })
})

describe.skipIf(reasonToSkip !== '')('Helm chart network policies', () => {
  beforeAll(prepare)

  /** UDP and TCP; OpenShift DNS pods listen on 5353. */
  const dns = [53, 53, 5353, 5353]
  const portsOf = async (values: object) => {
    const policies = (await renderWith(values)).filter(({ kind }) => kind === 'NetworkPolicy')
    return policies.map(({ metadata, spec }) => ({
      name: metadata.name,
      ports: (spec.egress ?? []).flatMap(({ ports }) => ports.map(({ port }) => port)),
    }))
  }

  it('allow Redis only if configured and limit the migration to Postgres', async () => {
    const keys = { REDIS_URL: 'REDIS_URL' }
    expect(await portsOf({})).toEqual([
      { name: 'switchyard-api', ports: [...dns, 5432, 443] },
      { name: 'switchyard-worker', ports: [...dns, 5432, 443] },
      { name: 'switchyard-migration', ports: [...dns, 5432] },
    ])
    const [api] = await portsOf({ secrets: { existingSecret: 'switchyard', keys } })
    expect(api?.ports).toEqual([...dns, 5432, 6379, 443])
  })

  it('allow a collector port if the Secret or extraEnv enables tracing', async () => {
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
