import { expect, it } from 'vitest'
import { signal, startKubeStubForEachTest, uid } from './kube-stub.ts'

const kube = startKubeStubForEachTest()
const path = '/apis/apps/v1/namespaces/lab/statefulsets/web'
const setOf = (replicas: number, annotations: object = {}) => ({
  body: { kind: 'StatefulSet', metadata: { name: 'web', uid, annotations }, spec: { replicas }, status: {} },
})

async function patchOf(action: 'start' | 'stop', set: ReturnType<typeof setOf>): Promise<unknown> {
  kube.stub.once(`GET ${path}`, set)
  kube.stub.once(`PATCH ${path}?fieldValidation=Strict`, set)
  await kube.environment().controls[action]?.(`web/${uid}`, signal)
  return JSON.parse(kube.stub.requests.at(-1)?.body ?? '')
}

const recordedReplicas = (replicas: string | null) => ({ uid, annotations: { 'switchyard/replicas': replicas } })

it('a stop records the number of pods and removes an outdated record', async () => {
  expect(await patchOf('stop', setOf(3))).toEqual({ metadata: recordedReplicas('3'), spec: { replicas: 0 } })
  const scaledDown = setOf(1, { 'switchyard/replicas': '3' })
  expect(await patchOf('stop', scaledDown)).toEqual({ metadata: recordedReplicas(null), spec: { replicas: 0 } })
})

it('a start restores the recorded number of pods', async () => {
  const stopped = setOf(0, { 'switchyard/replicas': '3' })
  expect(await patchOf('start', stopped)).toEqual({ metadata: { uid }, spec: { replicas: 3 } })
  expect(await patchOf('start', setOf(0))).toEqual({ metadata: { uid }, spec: { replicas: 1 } })
})
