import { describe, expect, it } from 'vitest'
import { makeLogger } from '../../../src/infra/logger.ts'

function logged(record: object): string {
  let output = ''
  const logger = makeLogger({
    level: 'debug',
    destination: {
      write: (line) => {
        output += line
      },
    },
  })
  logger.info(record, 'called')
  return output
}

describe('logger', () => {
  it.each([
    ['at the top', { password: 'hunter2' }],
    ['one level down', { connection: { credentials: { any: 'hunter2' } } }],
    ['in request headers', { req: { headers: { authorization: 'Bearer hunter2' } } }],
    ['in signed headers', { req: { headers: { 'x-ncp-apigw-signature-v2': 'hunter2', 'x-auth-token': 'hunter2' } } }],
    ['in an unknown provider header', { headers: { 'X-Acme-Session-Token': 'hunter2' } }],
    ['in header form at the top', { 'x-ncp-iam-access-key': 'hunter2' }],
  ])('removes a secret %s', (_where, record) => {
    expect(logged(record)).not.toContain('hunter2')
    expect(logged(record)).toContain('[redacted]')
  })

  it('keeps fields without secrets', () => {
    expect(JSON.parse(logged({ jobId: 'job_1', provider: 'slurm' }))).toMatchObject({
      jobId: 'job_1',
      provider: 'slurm',
      msg: 'called',
    })
  })
})
