import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { problemTypes } from '../../src/http/problem-types.ts'
import type { HttpServer } from '../../src/http/server.ts'
import { makeUnconnectedApp } from '../support/unconnected-app.ts'

const apps: HttpServer[] = []
const appOf = async (environment: NodeJS.ProcessEnv = {}) => {
  const app = await makeUnconnectedApp({ environment })
  apps.push(app)
  return app
}
let app: HttpServer
beforeAll(async () => {
  app = await appOf()
})
afterAll(() => Promise.all(apps.map((each) => each.close())))

const codes = Object.keys(problemTypes)

it('a problem links to the explanation of its code', async () => {
  const problem = (await app.inject('/nowhere')).json()
  expect(problem).toMatchObject({ code: 'not_found', documentation: '/problems/not_found' })
  const explained = await app.inject(problem.documentation)
  expect(explained.statusCode).toBe(200)
  expect(explained.json()).toMatchObject({ code: 'not_found', type: problem.type, status: 404, title: problem.title })
})

it('behind a path prefix the link has the public URL', async () => {
  const behind = await appOf({ PUBLIC_URL: 'https://example.org/switchyard' })
  const problem = (await behind.inject('/nowhere')).json()
  expect(problem.documentation).toBe('https://example.org/switchyard/problems/not_found')
})

it('without documentation there is neither a link nor an explanation', async () => {
  const silent = await appOf({ DOCS_ENABLED: 'false' })
  const problem = await silent.inject('/problems/not_found')
  expect(problem.statusCode).toBe(404)
  expect(problem.json()).not.toHaveProperty('documentation')
})

it.each(codes)('%s is explained to programs and browsers', async (code) => {
  const asData = await app.inject(`/problems/${code}`)
  expect(asData.json()).toMatchObject({ code, ...withoutFlag(code) })
  const asPage = await app.inject({ url: `/problems/${code}`, headers: { accept: 'text/html,*/*;q=0.8' } })
  expect([asPage.statusCode, asPage.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(asPage.body).toContain(`id="${code}"`)
})

function withoutFlag(code: string) {
  const { isRetryable: _, ...type } = problemTypes[code as keyof typeof problemTypes]
  return type
}

it('all types are listed, as data and as a page that loads nothing', async () => {
  const listed = (await app.inject('/problems')).json()
  expect(listed.data.map(({ code }: { code: string }) => code)).toEqual(codes)
  const { body, headers } = await app.inject({ url: '/problems', headers: { accept: 'text/html' } })
  const [, style = ''] = /<style>(.*)<\/style>/.exec(body) ?? []
  const hash = createHash('sha256').update(style).digest('base64')
  expect(headers['content-security-policy']).toContain(`default-src 'none'; style-src 'sha256-${hash}'`)
  expect(body).not.toMatch(/<script|<link|src=|`/)
})

it('an unknown code is not explained', async () => {
  const { statusCode, body } = await app.inject({ url: '/problems/%3Cscript%3E', headers: { accept: 'text/html' } })
  expect(statusCode).toBe(404)
  expect(body).toContain('GET /problems')
})
