import { expect, it } from 'vitest'
import { examineService } from '../../../clients/cli/src/doctor/examine-service.ts'
import { Switchyard } from '../../../clients/typescript/src/index.ts'

const json = (body: object, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

const notReady = {
  ...{ type: 'about:blank', title: 'Unavailable', code: 'unavailable', detail: 'The database is not available.' },
  ...{ status: 503, instance: '', errors: [], requestId: 'r', retryable: true },
}

const forbidden = { ...notReady, title: 'Forbidden', code: 'permission_denied', detail: 'Not permitted.', status: 403 }

type Job = Readonly<Record<string, unknown>>

/** A service with these active jobs, in pages of 40. */
function serviceWith(jobs: readonly Job[], { isReady = true, isAdmin = true } = {}): Switchyard {
  const pageAt = (start: number) => ({
    data: jobs.slice(start, start + 40),
    ...(start + 40 < jobs.length ? { nextCursor: String(start + 40) } : {}),
  })
  const fetch = async ({ url }: Request) => {
    const { pathname, searchParams } = new URL(url)
    if (pathname === '/readyz') return isReady ? json({ status: 'ok' }) : json(notReady, 503)
    if (pathname === '/creation-holds' && !isAdmin) return json(forbidden, 403)
    const isList = pathname === '/jobs' && searchParams.has('active')
    return json(isList ? pageAt(Number(searchParams.get('cursor') ?? 0)) : { data: [] })
  }
  return new Switchyard({ url: 'http://service.example', apiKey: 'sy_test', fetch, maxRetries: 0 })
}

const running = (index: number): Job => ({ id: `job_${index}`, status: 'running' })
const held = (index: number): Job => ({ ...running(index), held: true })

async function findings(service: Switchyard) {
  const found = await examineService(service, { verify: false })
  return found.filter(({ result }) => result !== 'ok')
}

it('examines the active jobs of every page', async () => {
  const jobs = [...Array.from({ length: 120 }, (_, index) => running(index)), held(120)]
  expect(await findings(serviceWith(jobs))).toEqual([
    { check: 'jobs that need an operator', result: 'warning', object: 'job_120', detail: 'running: on hold' },
  ])
})

it('lists 50 findings of a check and counts the rest', async () => {
  const found = await findings(serviceWith(Array.from({ length: 121 }, (_, index) => held(index))))
  expect([found.length, found.at(-1)]).toEqual([
    51,
    { check: 'jobs that need an operator', result: 'warning', detail: 'and 71 more' },
  ])
})

it('reports an unready service with its reason', async () => {
  expect(await findings(serviceWith([], { isReady: false }))).toEqual([
    { check: 'service', result: 'failed', detail: 'The database is not available.' },
  ])
})

it('skips the check of creation holds without the scope admin', async () => {
  expect(await findings(serviceWith([], { isAdmin: false }))).toEqual([
    { check: 'holds of new creates', result: 'skipped', detail: 'not checked: requires the scope admin' },
  ])
})
