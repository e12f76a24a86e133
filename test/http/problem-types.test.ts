import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { problemTypes } from '../../src/http/problem-types.ts'
import type { HttpServer } from '../../src/http/server.ts'
import { makeUnconnectedApp } from '../support/unconnected-app.ts'

const apps: HttpServer[] = []
const startApp = async (environment: NodeJS.ProcessEnv = {}) => {
  const app = await makeUnconnectedApp({ environment })
  apps.push(app)
  return app
}
let app: HttpServer
beforeAll(async () => {
  app = await startApp()
})
afterAll(() => Promise.all(apps.map((each) => each.close())))

const codes = Object.keys(problemTypes)

it('a problem links to the explanation of its code', async () => {
  const problem = (await app.inject('/nowhere')).json()
  expect(problem).toMatchObject({ code: 'not_found', documentation: '/problems/not_found' })
  const explanation = await app.inject(problem.documentation)
  expect(explanation.statusCode).toBe(200)
  expect(explanation.json()).toMatchObject({ code: 'not_found', type: problem.type, status: 404, title: problem.title })
})

it('the link starts with PUBLIC_URL', async () => {
  const prefixed = await startApp({ PUBLIC_URL: 'https://example.org/switchyard' })
  const problem = (await prefixed.inject('/nowhere')).json()
  expect(problem.documentation).toBe('https://example.org/switchyard/problems/not_found')
})

it('a problem has no link if the documentation is disabled', async () => {
  const undocumented = await startApp({ DOCS_ENABLED: 'false' })
  const problem = await undocumented.inject('/problems/not_found')
  expect(problem.statusCode).toBe(404)
  expect(problem.json()).not.toHaveProperty('documentation')
})

it.each(codes)('%s has an explanation as JSON and as HTML', async (code) => {
  const asJson = await app.inject(`/problems/${code}`)
  expect(asJson.json()).toMatchObject({ code, ...withoutFlag(code) })
  const asHtml = await app.inject({ url: `/problems/${code}`, headers: { accept: 'text/html,*/*;q=0.8' } })
  expect([asHtml.statusCode, asHtml.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(asHtml.body).toContain(`id="${code}"`)
})

function withoutFlag(code: string) {
  const { isRetryable: _, ...type } = problemTypes[code as keyof typeof problemTypes]
  return type
}

it('/problems lists all types as JSON and as a self-contained page', async () => {
  const list = (await app.inject('/problems')).json()
  expect(list.data.map(({ code }: { code: string }) => code)).toEqual(codes)
  const { body, headers } = await app.inject({ url: '/problems', headers: { accept: 'text/html' } })
  const [, style = ''] = /<style>(.*)<\/style>/.exec(body) ?? []
  const hash = createHash('sha256').update(style).digest('base64')
  expect(headers['content-security-policy']).toContain(`default-src 'none'; style-src 'sha256-${hash}'`)
  expect(body).not.toMatch(/<script|<link|src=|`/)
})

it('an unknown code returns 404', async () => {
  const { statusCode, body } = await app.inject({ url: '/problems/%3Cscript%3E', headers: { accept: 'text/html' } })
  expect(statusCode).toBe(404)
  expect(body).toContain('GET /problems')
})
