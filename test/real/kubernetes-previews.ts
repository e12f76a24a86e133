import { describe, expect, it } from 'vitest'
import type { KubernetesFixture } from './kubernetes-fixture.ts'
import { image } from './kubernetes-image.ts'

/** Previews that the API server answers. It needs no node. */
export function describePreviews(fixtureOf: () => KubernetesFixture): void {
  describe('preview with askProvider', () => {
    const askProvider = async (namespace: string, more: object = {}) => {
      const { id: connectionId } = await fixtureOf().connect({
        credentials: { token: fixtureOf().cluster.adminToken },
        settings: { namespace },
      })
      const body = { connectionId, name: 'preview', image, command: ['true'], ...more }
      return fixtureOf().switchyard.api.ok('POST', '/jobs/preview?askProvider=true', body)
    }

    it('is accepted without creating a Job', async () => {
      expect(await askProvider('training')).toMatchObject({ valid: true, acceptedByProvider: true })
      expect(await fixtureOf().jobsNamed('preview')).toEqual([])
    })

    it('reports rejections by the server: a missing namespace, a quota', async () => {
      const rejected = { valid: false, acceptedByProvider: false }
      const problemWith = (text: string) => ({
        problems: [{ code: 'rejected', detail: expect.stringContaining(text) }],
      })
      expect(await askProvider('missing')).toMatchObject({
        ...rejected,
        ...problemWith('namespaces "missing" not found'),
      })
      await fixtureOf().cluster.admin('POST', '/api/v1/namespaces', { metadata: { name: 'full' } })
      const quota = { metadata: { name: 'none' }, spec: { hard: { 'count/jobs.batch': '0' } } }
      await fixtureOf().cluster.admin('POST', '/api/v1/namespaces/full/resourcequotas', quota)
      await expect
        .poll(() => askProvider('full'))
        .toMatchObject({ ...rejected, ...problemWith('exceeded quota: none') })
    })

    it('checks the Service of an environment', async () => {
      await fixtureOf().cluster.admin('POST', '/api/v1/namespaces', { metadata: { name: 'inside' } })
      const quota = { metadata: { name: 'none' }, spec: { hard: { 'count/services': '0' } } }
      const credentials = { token: fixtureOf().cluster.adminToken }
      const { id: connectionId } = await fixtureOf().connect({ credentials, settings: { namespace: 'inside' } })
      const body = { connectionId, name: 'preview', image, ports: [{ port: 80, protocol: 'http' }] }
      const preview = () => fixtureOf().switchyard.api.ok('POST', '/environments/preview?askProvider=true', body)
      expect(await preview()).toMatchObject({ valid: true, acceptedByProvider: true })
      await fixtureOf().cluster.admin('POST', '/api/v1/namespaces/inside/resourcequotas', quota)
      await expect.poll(preview).toMatchObject({ acceptedByProvider: false })
      expect((await fixtureOf().cluster.admin('GET', '/api/v1/namespaces/inside/services')).json.items).toEqual([])
    })
  })
}
