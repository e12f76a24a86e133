import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate authority for clients. */
export interface Authority {
  /** Issues a certificate for a user in groups, with its key, both in PEM. */
  issue(user: string, groups?: readonly string[]): { certificate: string; key: string }
}

/** Writes `clients.crt`, which the API server trusts, and `accounts.key`, which signs tokens. */
export function makeAuthority(directory: string): Authority {
  const at = (name: string) => join(directory, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  const newKey = ['-newkey', 'rsa:2048', '-nodes']
  openssl('genrsa', '-out', at('accounts.key'), '2048')
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    '/CN=clients',
    '-keyout',
    at('clients.key'),
    '-out',
    at('clients.crt'),
  )
  return {
    issue(user, groups = []) {
      const subject = `${groups.map((group) => `/O=${group}`).join('')}/CN=${user}`
      openssl('req', ...newKey, '-subj', subject, '-keyout', at(`${user}.key`), '-out', at(`${user}.csr`))
      const signer = ['-CA', at('clients.crt'), '-CAkey', at('clients.key'), '-CAcreateserial']
      openssl('x509', '-req', '-in', at(`${user}.csr`), ...signer, '-days', '1', '-out', at(`${user}.crt`))
      return { certificate: readFileSync(at(`${user}.crt`), 'utf8'), key: readFileSync(at(`${user}.key`), 'utf8') }
    },
  }
}
