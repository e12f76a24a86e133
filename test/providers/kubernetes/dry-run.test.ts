import { expect, it } from 'vitest'
import type { Intent } from '../../../src/providers/intent.ts'
import { signal, startKubeStubForEachTest, uid } from './kube-stub.ts'

const kube = startKubeStubForEachTest()
const query = '?fieldValidation=Strict&dryRun=All'
const sets = `POST /apis/apps/v1/namespaces/lab/statefulsets${query}`
const services = `POST /api/v1/namespaces/lab/services${query}`
const ingresses = `POST /apis/networking.k8s.io/v1/namespaces/lab/ingresses${query}`

function dryRun(ports: readonly { port: number; protocol: 'http' | 'tcp' }[]) {
  const intent: Intent<'environment'> = {
    correlationTag: 'mabc23456789',
    spec: { name: 'web', image: 'busybox', ports: [...ports] },
    ...{ environmentRemoteId: null, before: null, firstSentAt: new Date(0) },
    sendBy: { at: new Date(0), monotonicMs: 0 },
  }
  return kube.open({ ingressDomain: 'lab.example.com' }).drivers.environment?.dryRun?.(intent, signal)
}

const asStored = ({ body }: { body: string }) => {
  const object = JSON.parse(body)
  return { status: 201, body: { ...object, metadata: { ...object.metadata, uid } } }
}

it('checks the StatefulSet, its Service and its Ingress', async () => {
  for (const route of [sets, services, ingresses]) kube.stub.once(route, asStored)
  await dryRun([{ port: 80, protocol: 'http' }])
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web-symabc23456789', uid }
  const [, service, ingress] = kube.stub.requests.map(({ body }) => JSON.parse(body))
  expect(service).toMatchObject({ kind: 'Service', metadata: { ownerReferences: [owner] } })
  expect(ingress).toMatchObject({ kind: 'Ingress', metadata: { ownerReferences: [owner] } })
})

it('checks the StatefulSet alone without ports', async () => {
  kube.stub.once(sets, asStored)
  await dryRun([])
  expect(kube.stub.requests).toHaveLength(1)
})

it('rejects what the server rejects, a Service that exists too', async () => {
  kube.stub.once(sets, asStored)
  const message = 'services "web-symabc23456789" already exists'
  kube.stub.once(services, {
    status: 409,
    body: { apiVersion: 'v1', kind: 'Status', code: 409, reason: 'AlreadyExists', message },
  })
  await expect(dryRun([{ port: 22, protocol: 'tcp' }])).rejects.toMatchObject({ providerCode: 'AlreadyExists' })
})
