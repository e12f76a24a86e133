import { expect, it } from 'vitest'
import { signal, startKubeStubForEachTest } from './kube-stub.ts'

const kube = startKubeStubForEachTest()

const digest = `@sha256:${'0'.repeat(64)}`
const node = (name: string, images: object[]) => ({ metadata: { name }, status: { images } })

it('lists images by tag with the number of nodes that have pulled them', async () => {
  const items = [
    node('node-a', [{ names: [`lab/train${digest}`, 'lab/train:2'], sizeBytes: 70 }]),
    node('node-b', [{ names: ['lab/train:2'] }, { names: [`lab/untagged${digest}`], sizeBytes: 5 }, { sizeBytes: 1 }]),
    node('node-c', [{ names: ['busybox:1.36'], sizeBytes: 4 }]),
  ]
  const list = (kind: string, found: object[]) => ({ kind, apiVersion: 'v1', metadata: {}, items: found })
  kube.stub.on('GET /api/v1/nodes?limit=500', { body: list('NodeList', items) })
  kube.stub.on('GET /api/v1/namespaces/lab/persistentvolumeclaims?limit=500', { body: list('List', []) })
  kube.stub.on('GET /apis/batch/v1/namespaces/lab/jobs?limit=500', { body: list('JobList', []) })
  kube.stub.on('GET /api/v1/namespaces?limit=500', { body: list('NamespaceList', []) })
  expect((await kube.job().catalog?.(signal))?.images).toEqual([
    { image: 'busybox:1.36', nodes: 1, sizeBytes: 4 },
    { image: 'lab/train:2', nodes: 2, sizeBytes: 70 },
  ])
})
