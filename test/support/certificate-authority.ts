import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface KeyPair {
  certificate: string
  key: string
}

/** A certificate authority for tests. */
export interface CertificateAuthority {
  certificate: string
  /** Issues a certificate for these names and addresses: `DNS:hub.example`, `IP:127.0.0.1`. */
  issue(name: string, ...alternatives: readonly string[]): KeyPair
  /** The same key, encrypted with a passphrase. */
  encrypted(key: string): string
}

export const hasOpenssl = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0
export const opensslSkipped = hasOpenssl ? '' : ' [skipped: it needs openssl; get it with: apt-get install openssl]'

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30']

/** Creates an authority with the installed `openssl`; the files are removed immediately. */
export function makeCertificateAuthority(name = 'Test CA'): CertificateAuthority {
  const ca = inDirectory((dir) => {
    openssl(dir, ['req', '-x509', ...newKey, '-subj', `/CN=${name}`, '-keyout', 'key.pem', '-out', 'cert.pem'])
    return pairIn(dir)
  })
  return {
    certificate: ca.certificate,
    issue: (subject, ...alternatives) =>
      inDirectory((dir) => {
        openssl(dir, ['pkey', '-out', 'ca-key.pem'], ca.key)
        openssl(dir, ['x509', '-out', 'ca.pem'], ca.certificate)
        const names = alternatives.length === 0 ? [] : ['-addext', `subjectAltName=${alternatives.join(',')}`]
        const signed = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-addext', 'basicConstraints=CA:FALSE']
        const files = ['-keyout', 'key.pem', '-out', 'cert.pem']
        openssl(dir, ['req', '-x509', ...newKey, '-subj', `/CN=${subject}`, ...names, ...signed, ...files])
        return pairIn(dir)
      }),
    encrypted: (key) =>
      inDirectory((dir) => openssl(dir, ['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-passout', 'pass:hunter2'], key)),
  }
}

function pairIn(dir: string): KeyPair {
  return { certificate: readFileSync(join(dir, 'cert.pem'), 'utf8'), key: readFileSync(join(dir, 'key.pem'), 'utf8') }
}

function openssl(cwd: string, args: readonly string[], input = ''): string {
  return execFileSync('openssl', args, { cwd, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
}

function inDirectory<T>(use: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-ca-'))
  try {
    return use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
