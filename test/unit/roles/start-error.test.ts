import { describe, expect, it } from 'vitest'
import { databaseError } from '../../../src/roles/start-error.ts'

const url = 'postgresql://somebody:hunter2@db.example/switchyard'
const refused = (code: string, message: string) => Object.assign(new Error(message), { severity: 'FATAL', code })

describe('what is wrong with a database', () => {
  it.each([
    [
      refused('08P01', 'unsupported startup parameter: options'),
      'refuses (08P01). It says: unsupported startup parameter',
    ],
    [
      refused('28000', 'no pg_hba.conf entry for host "10.0.0.9"'),
      'refuses this user. Correct DATABASE_URL. It says: no pg_hba',
    ],
    [refused('53300', 'sorry, too many clients already'), 'refuses (53300). It says: sorry, too many clients already.'],
    [
      Object.assign(new Error('self-signed certificate'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      '&sslrootcert=<file>` to DATABASE_URL',
    ],
    [
      Object.assign(new Error('ENOENT'), { code: 'ENOENT', path: '/ca.pem' }),
      'the file /ca.pem of DATABASE_URL cannot be read',
    ],
    [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'cannot be reached (ECONNREFUSED)'],
    [new Error('Query read timeout'), 'behind a pooler, let that open more connections'],
  ])('%s is told with what to do, and with the words of the server', (error, sentence) => {
    const { message } = databaseError(url, error)
    expect(message).toContain(`Switchyard cannot start: the database db.example/switchyard `)
    expect(message).toContain(sentence)
    expect(message).not.toContain('hunter2')
  })
})
