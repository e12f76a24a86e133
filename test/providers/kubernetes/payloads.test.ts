import { describe, expect, it } from 'vitest'
import { observeSet } from '../../../src/providers/kubernetes/environment-observation.ts'
import { lacksExposure } from '../../../src/providers/kubernetes/exposure.ts'
import { observeJob } from '../../../src/providers/kubernetes/job-observation.ts'
import { settingsOf } from '../../../src/providers/kubernetes/settings.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'

const secret = 's3cret-of-a-colleague'
const container = (name: string): JsonObject => ({
  name,
  image: 'busybox',
  env: [
    { name: 'PASSPHRASE', value: secret },
    { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  ],
})
const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': `{"env":"${secret}"}`, team: 'a' }
const pod: JsonObject = { containers: [container('main')], initContainers: [container('first')] }

const object = (spec: JsonObject = {}): JsonObject => ({
  metadata: {
    ...{
      name: 'lab',
      uid: 'aaaaaaaa-0000-4000-a000-000000000001',
      managedFields: [{ manager: 'kubectl' }],
      annotations,
    },
    labels: { 'switchyard/correlation-tag': 'mabc23456789' },
  },
  spec: { template: { metadata: { annotations }, spec: pod }, ...spec },
  status: {},
})

const redactedPod = (name: string) => ({
  ...container(name),
  env: [
    { name: 'PASSPHRASE', value: '[redacted]' },
    { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  ],
})
const redacted = {
  metadata: { name: 'lab', annotations: { team: 'a' } },
  spec: {
    template: {
      metadata: { annotations: { team: 'a' } },
      spec: { containers: [redactedPod('main')], initContainers: [redactedPod('first')] },
    },
  },
}
const ownedObjects = { pods: [{ metadata: { name: 'lab-0', annotations }, spec: pod }], services: [], ingresses: [] }

describe('Kubernetes payload', () => {
  it.each([
    ['a StatefulSet', () => observeSet(object(), ownedObjects, [])],
    ['a StatefulSet in a list', () => observeSet(object(), null, [])],
    ['a Job', () => observeJob(object(), ownedObjects.pods, [])],
    ['a Job in a list', () => observeJob(object(), null, [])],
  ])('of %s contains variables without values and no kubectl manifest', (_name, observe) => {
    const payload = observe()?.payload() ?? null
    expect(payload).toMatchObject(redacted)
    const text = JSON.stringify(payload)
    for (const excluded of [secret, 'last-applied-configuration', 'managedFields']) expect(text).not.toContain(excluded)
  })

  it('of an object without variables is unchanged', () => {
    const plain = { metadata: { name: 'lab', uid: 'aaaaaaaa-0000-4000-a000-000000000001' }, spec: { replicas: 1 } }
    expect(observeJob(plain, null, [])?.payload()).toEqual(plain)
  })
})

describe('Kubernetes environment ports', () => {
  const settings = settingsOf({ baseUrl: 'https://kubernetes.example.com', namespace: 'lab' })
  const spec = { name: 'lab', image: 'busybox', ports: [{ port: 8888, protocol: 'http' as const }] }
  const command = Array.from({ length: 40 }, () => 'x'.repeat(4000))
  const large = object({ template: { spec: { containers: [{ name: 'main', command }] } } })
  const payloadOf = (set: JsonObject, services: JsonObject[] = []) =>
    observeSet(set, { pods: [], services, ingresses: [] }, [])?.payload() ?? null

  it('need a Service if there is none, also if the payload of the object is truncated', () => {
    expect(payloadOf(large)).toMatchObject({ cut: true })
    expect(lacksExposure(spec, payloadOf(large), settings)).toBe(true)
    expect(lacksExposure({ ...spec, ports: [] }, payloadOf(large), settings)).toBe(false)
    expect(lacksExposure(spec, payloadOf(object()), settings)).toBe(true)
    expect(lacksExposure(spec, payloadOf(object(), [{ metadata: { name: 'lab' } }]), settings)).toBe(false)
  })
})
