import { pino } from 'pino'
import { expect, it, vi } from 'vitest'
import { settingsOf } from '../../src/commands/settings.ts'
import { readConfig } from '../../src/config/config.ts'
import { makeDraining } from '../../src/http/draining.ts'
import { makeServer } from '../../src/http/server.ts'

const { edge } = settingsOf(readConfig({}))

it('a child logger is created only for requests that log', async () => {
  const lines: string[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) })
  const server = makeServer({ logger, bodyLimitBytes: 1024, edge, draining: makeDraining(), isOutage: () => false })
  server.get('/silent', async () => ({}))
  server.get('/logging', async ({ log }) => log.info({ answer: 42 }, 'logged'))
  await server.ready()
  const child = vi.spyOn(logger, 'child')

  expect((await server.inject('/silent')).statusCode).toBe(200)
  expect(child).not.toHaveBeenCalled()

  await server.inject({ url: '/logging', headers: { 'x-request-id': 'r1' } })
  expect(child).toHaveBeenCalledOnce()
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ reqId: 'r1', answer: 42, msg: 'logged' }])
  await server.close()
})
