import { describe, expect, it } from 'vitest'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import { kubernetesProvider } from '../../../src/providers/kubernetes/index.ts'
import { startSandbox } from '../../../src/sandbox/server.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { forEachTest } from '../../support/for-each-test.ts'
import { signal, startKubeStubForEachTest } from './kube-stub.ts'

describe('Kubernetes verification', () => {
  const cluster = forEachTest(
    async () => {
      const sandbox = await startSandbox({ providers: ['kubernetes'] })
      const baseUrl = sandbox.urls.kubernetes
      const clock = makeFixedClock('2026-11-28T12:00:00.000Z')
      const limits = { connectTimeoutMs: 1000, timeoutMs: 1000, maxResponseBytes: 3e6 }
      const http = makeHttpClient({ baseUrl, clock, ...limits })
      const { token, namespace } = sandbox.accounts.kubernetes
      const open = (settings: object) =>
        kubernetesProvider.open({
          ...{ settings: { baseUrl, namespace, ...settings }, credentials: { token } },
          ...{ http, clock },
        })
      return { sandbox, http, verify: (settings: object = {}) => open(settings).verify(signal) }
    },
    async ({ sandbox, http }) => {
      await http.close()
      await sandbox.close()
    },
  )

  it('reports every missing permission and the credential', async () => {
    await cluster.verify()
    cluster.sandbox.changeSettings('kubernetes', { deniedRights: 'list pods,get pods/log' })
    const failure = cluster.verify()
    await expect(failure).rejects.toMatchObject({ code: 'permission_denied', field: 'credentials.token' })
    await expect(failure).rejects.toThrow('The account may not list pods, get pods/log in the namespace training.')
  })

  it('checks Ingress permissions only if the connection uses Ingresses', async () => {
    cluster.sandbox.changeSettings('kubernetes', { deniedRights: 'create ingresses' })
    await cluster.verify()
    await expect(cluster.verify({ ingressDomain: 'apps.example.com' })).rejects.toThrow('create ingresses')
  })

  it('rejects a default queue without Kueue', async () => {
    await cluster.verify({ kueue: true, defaultQueue: 'night' })
    const failure = cluster.verify({ kueue: false, defaultQueue: 'night' })
    await expect(failure).rejects.toMatchObject({ code: 'invalid_request', field: 'settings.defaultQueue' })
  })
})

describe('Kubernetes verification of settings', () => {
  const kube = startKubeStubForEachTest()
  const route = 'POST /apis/batch/v1/namespaces/lab/jobs?fieldValidation=Strict&dryRun=All'

  it.each([
    ['spec.template.spec.nodeSelector', 'settings.nodeSelector'],
    ['spec.template.spec.tolerations[0].effect', 'settings.tolerations'],
    ['spec.template.spec.serviceAccountName', 'settings.serviceAccount'],
    ['spec.template.spec.imagePullSecrets[0].name', 'settings.imagePullSecret'],
    ['spec.template.spec.containers[0].image', 'settings.defaultImage'],
    ['metadata.labels', 'settings.defaultQueue'],
    ['spec.ttlSecondsAfterFinished', 'settings.retentionSeconds'],
    ['spec.template.spec.hostAliases', undefined],
  ])('maps %s to the setting %s', async (parameter, field) => {
    const details = { kind: 'Job', causes: [{ reason: 'FieldValueInvalid', field: parameter }] }
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Invalid', code: 422, details }
    kube.stub.once(route, { status: 422, body: { ...status, message: 'Job.batch "verify" is invalid' } })
    await expect(kube.open().verify(signal)).rejects.toMatchObject({ code: 'invalid_request', parameter, field })
  })
})
