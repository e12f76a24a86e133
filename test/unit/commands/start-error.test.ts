import { DriverAdapterError } from '@prisma/driver-adapter-utils'
import { describe, expect, it } from 'vitest'
import { databaseError, failureText, listenError, StartError, startErrorOf } from '../../../src/commands/start-error.ts'
import { ApiError } from '../../../src/vocabulary/api-error.ts'

const url = 'postgresql://alice:hunter2@db.example/switchyard'
const serverError = (code: string, message: string) => Object.assign(new Error(message), { severity: 'FATAL', code })

describe('database start error', () => {
  it.each([
    [
      serverError('08P01', 'unsupported startup parameter: options'),
      'rejects the connection (08P01). Its message: unsupported startup parameter',
    ],
    [
      serverError('28000', 'no pg_hba.conf entry for host "10.0.0.9"'),
      'rejects this user. Correct DATABASE_URL. Its message: no pg_hba',
    ],
    [
      serverError('53300', 'sorry, too many clients already'),
      'rejects the connection (53300). Its message: sorry, too many clients already.',
    ],
    [
      Object.assign(new Error('self-signed certificate'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      '&sslrootcert=<file>` to DATABASE_URL',
    ],
    [
      Object.assign(new Error('ENOENT'), { code: 'ENOENT', path: '/ca.pem' }),
      'the file /ca.pem named in DATABASE_URL cannot be read',
    ],
    [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'cannot be reached (ECONNREFUSED)'],
    [new Error('Query read timeout'), 'behind a pooler, allow more server connections'],
  ])('explains %s without repeating the password', (error, explanation) => {
    const { message } = databaseError(url, error)
    expect(message).toContain(`Switchyard cannot start: the database db.example/switchyard `)
    expect(message).toContain(explanation)
    expect(message).not.toContain('hunter2')
  })
})

it('explains a rejected statement and returns programming errors unchanged', () => {
  const originalMessage = 'permission denied for table installation'
  const rejectedStatement = new DriverAdapterError({
    ...{ kind: 'postgres', code: '42501', severity: 'ERROR', message: originalMessage },
    ...{ originalCode: '42501', originalMessage, detail: undefined, column: undefined, hint: undefined },
  })
  expect(startErrorOf(url, rejectedStatement)).toMatchObject({
    message: expect.stringContaining(
      `denies this user a required permission. Connect as the owner, or grant it. Its message: ${originalMessage}.`,
    ),
  })
  const defect = new TypeError('x is not a function')
  expect(startErrorOf(url, defect)).toBe(defect)
})

it.each([
  ['EINVAL', 'is not an address of this host. Correct HOST'],
  ['EAI_AGAIN', 'is not an address of this host. Correct HOST'],
  ['EMFILE', 'is not available (EMFILE). Correct HOST and PORT'],
])('explains a listen error with the code %s', (code, explanation) => {
  const error = Object.assign(new Error(`listen ${code}`), { code, syscall: 'listen' })
  expect(listenError({ host: 'fe80::1', port: 80 }, error)).toEqual(
    new StartError(`Switchyard cannot start: fe80::1:80 ${explanation}.`),
  )
})

it('shows the message of a usage error, but the stack of a programming error', () => {
  const argument = Object.assign(new TypeError("Unknown option '--foo'"), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' })
  expect(failureText(argument)).toBe("Unknown option '--foo'")
  expect(failureText(new ApiError('quota_exceeded', 'The quota is used up.'))).toBe('The quota is used up.')
  expect(failureText(new TypeError('x is not a function'))).toMatch(
    /^Unexpected error: x is not a function\. Please report it:\nTypeError.*\n +at /,
  )
})
