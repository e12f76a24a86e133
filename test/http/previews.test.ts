import { afterEach, describe, expect, it } from 'vitest'
import { useApiBench } from '../support/api-bench.ts'
import { expectProblem } from '../support/problems.ts'

const bench = await useApiBench()
const { api, sandbox } = bench
const connectionId = bench.connections.kubernetes
const job = { connectionId, name: 'preview', image: 'busybox', command: ['true'] }
const environment = { connectionId, name: 'preview', image: 'busybox' }
const ask = (body: object, path = 'jobs') => api.ok('POST', `/${path}/preview?askProvider=true`, body)

afterEach(() => sandbox.reset())

describe('a preview that asks the provider', () => {
  it.each([
    ['jobs', job],
    ['environments', environment],
  ])('of /%s tells that it would be accepted, and creates nothing', async (path, body) => {
    expect(await ask(body, path)).toMatchObject({ valid: true, acceptedByProvider: true, problems: [] })
    expect(sandbox.objects('kubernetes')).toEqual([])
  })

  it('shows what the provider rejects as a problem of the request', async () => {
    sandbox.settings.kubernetes.deniedRights = 'create jobs'
    const preview = await ask(job)
    const detail = expect.stringMatching(/^Kubernetes returned Forbidden: .* cannot create resource "jobs"/)
    expect(preview).toMatchObject({ valid: false, acceptedByProvider: false })
    expect(preview.problems).toEqual([{ pointer: '', code: 'rejected', detail }])
    expect(preview.request).toMatchObject({ method: 'POST' })
  })

  it('asks nothing if the request is invalid anyway', async () => {
    const preview = await ask({ ...job, script: 'exit 0' })
    expect(preview.valid).toBe(false)
    expect(preview.acceptedByProvider).toBeUndefined()
    expect(sandbox.calls().kubernetes).toBeUndefined()
  })

  it('sends no secret', async () => {
    const secretVariables = { TOKEN: 'a-secret-that-stays-here' }
    expect(await ask({ ...job, secretVariables })).toMatchObject({ acceptedByProvider: true })
    const preview = await api.ok('POST', '/jobs/preview', { ...job, secretVariables })
    expect(JSON.stringify(preview)).not.toContain(secretVariables.TOKEN)
    expect(JSON.stringify(preview.request)).toContain('[redacted]')
  })

  it('fails, like any question to a provider, while that is not available', async () => {
    sandbox.faults.add({ kind: 'error_before', provider: 'kubernetes' })
    const answer = await api.call('POST', '/jobs/preview?askProvider=true', { body: job })
    expectProblem(answer, answer.body)
    expect(answer.body).toMatchObject({ status: 502, code: 'provider_error', retryable: true })
  })

  it('is rejected where the provider has no dry run', async () => {
    const body = { connectionId: bench.connections.slurm, name: 'preview', script: '#!/bin/sh\ntrue\n' }
    const answer = await api.call('POST', '/jobs/preview?askProvider=true', { body })
    expectProblem(answer, answer.body)
    const errors = [{ in: 'query', pointer: 'askProvider' }]
    expect(answer.body).toMatchObject({ status: 422, code: 'unsupported', errors })
    expect(await api.ok('POST', '/jobs/preview?askProvider=false', body)).toMatchObject({ valid: true })
  })
})

it('a preview asks no provider unless it is told to', async () => {
  expect((await api.ok('POST', '/jobs/preview', job)).acceptedByProvider).toBeUndefined()
  expect(sandbox.calls().kubernetes).toBeUndefined()
})
