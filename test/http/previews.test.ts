import { afterEach, describe, expect, it } from 'vitest'
import { useApiBench } from '../support/api-bench.ts'
import { expectProblem } from '../support/problems.ts'

const bench = await useApiBench()
const { api, sandbox } = bench
const connectionId = bench.connections.kubernetes
const job = { connectionId, name: 'preview', image: 'busybox', command: ['true'] }
const environment = { connectionId, name: 'preview', image: 'busybox' }
const previewAtProvider = (body: object, path = 'jobs') => api.ok('POST', `/${path}/preview?askProvider=true`, body)

afterEach(() => sandbox.reset())

describe('a preview with askProvider', () => {
  it.each([
    ['jobs', job],
    ['environments', environment],
  ])('reports provider acceptance for /%s and creates nothing', async (path, body) => {
    expect(await previewAtProvider(body, path)).toMatchObject({ valid: true, acceptedByProvider: true, problems: [] })
    expect(sandbox.objects('kubernetes')).toEqual([])
  })

  it('returns a rejection by the provider as a validation error', async () => {
    sandbox.settings.kubernetes.deniedRights = 'create jobs'
    const preview = await previewAtProvider(job)
    const detail = expect.stringMatching(/^Kubernetes returned Forbidden: .* cannot create resource "jobs"/)
    expect(preview).toMatchObject({ valid: false, acceptedByProvider: false })
    expect(preview.problems).toEqual([{ pointer: '', code: 'rejected', detail }])
    expect(preview.request).toMatchObject({ method: 'POST' })
  })

  it('does not call the provider for an invalid request', async () => {
    const preview = await previewAtProvider({ ...job, script: 'exit 0' })
    expect(preview.valid).toBe(false)
    expect(preview.acceptedByProvider).toBeUndefined()
    expect(sandbox.calls().kubernetes).toBeUndefined()
  })

  it('redacts secret variables', async () => {
    const secretVariables = { TOKEN: 'a-secret-value' }
    expect(await previewAtProvider({ ...job, secretVariables })).toMatchObject({ acceptedByProvider: true })
    const preview = await api.ok('POST', '/jobs/preview', { ...job, secretVariables })
    expect(JSON.stringify(preview)).not.toContain(secretVariables.TOKEN)
    expect(JSON.stringify(preview.request)).toContain('[redacted]')
  })

  it('returns 502 while the provider is unavailable', async () => {
    sandbox.faults.add({ kind: 'error_before', provider: 'kubernetes' })
    const response = await api.call('POST', '/jobs/preview?askProvider=true', { body: job })
    expectProblem(response, response.body)
    expect(response.body).toMatchObject({ status: 502, code: 'provider_error', retryable: true })
  })

  it('returns 422 if the provider does not support a dry run', async () => {
    const body = { connectionId: bench.connections.slurm, name: 'preview', script: '#!/bin/sh\ntrue\n' }
    const response = await api.call('POST', '/jobs/preview?askProvider=true', { body })
    expectProblem(response, response.body)
    const errors = [{ in: 'query', pointer: 'askProvider' }]
    expect(response.body).toMatchObject({ status: 422, code: 'unsupported', errors })
    expect(await api.ok('POST', '/jobs/preview?askProvider=false', body)).toMatchObject({ valid: true })
  })
})

it('a preview does not call the provider by default', async () => {
  expect((await api.ok('POST', '/jobs/preview', job)).acceptedByProvider).toBeUndefined()
  expect(sandbox.calls().kubernetes).toBeUndefined()
})
