import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { CertificateView, Network } from './network.ts'

/** Why a PEM text cannot be used. Never contains a part of it. */
export interface PemError {
  code: 'invalid_certificate' | 'certificate_expired' | 'invalid_key' | 'key_mismatch'
  detail: string
}

const maxCertificates = 20
const block = /-----BEGIN ([A-Z0-9 ]{1,40})-----[A-Za-z0-9+/=\s]{1,65536}-----END \1-----/g

/** The certificates of a PEM text, or why it has none. Text between the blocks is ignored. */
export function certificatesIn(pem: string): readonly X509Certificate[] | PemError {
  if (/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/.test(pem))
    return invalid(
      'It contains a private key. Send only certificates here; the key of a client certificate has its own field.',
    )
  const blocks = [...pem.matchAll(block)]
  // TLS would read other forms too, or end at a damaged block: the response must show what it trusts.
  if (blocks.length !== pem.split('-----BEGIN ').length - 1 || blocks.some(([, label]) => label !== 'CERTIFICATE'))
    return invalid('It contains a damaged block, or one that is no CERTIFICATE. Send only certificates in PEM.')
  if (blocks.length === 0)
    return invalid('It contains no certificate. Send PEM text that begins with -----BEGIN CERTIFICATE-----.')
  if (blocks.length > maxCertificates)
    return invalid(
      `It contains ${blocks.length} certificates, more than ${maxCertificates}. Send only those that are needed.`,
    )
  try {
    return blocks.map(([text]) => new X509Certificate(text))
  } catch {
    return invalid('One of its certificates cannot be parsed. Send X.509 certificates in PEM.')
  }
}

/** Why a certificate is not valid at a time; null if it is. */
export function periodError(certificate: X509Certificate, now: Date): PemError | null {
  const { validFromDate: from, validToDate: to } = certificate
  if (to.getTime() < now.getTime())
    return { code: 'certificate_expired', detail: `The certificate expired at ${to.toISOString()}. Send a valid one.` }
  if (from.getTime() > now.getTime())
    return { code: 'certificate_expired', detail: `The certificate is not valid before ${from.toISOString()}.` }
  return null
}

/** Why a key cannot be used with a certificate; null if it can. */
export function keyError({ certificate, key }: NonNullable<Network['clientCertificate']>): PemError | null {
  const [leaf] = [certificatesIn(certificate)].flatMap((found) => ('code' in found ? [] : found))
  if (leaf === undefined) return null
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(key))
    return {
      code: 'invalid_key',
      detail:
        'The key is encrypted, and passphrases are not supported. Decrypt it: openssl pkey -in key.pem -out plain.pem',
    }
  try {
    if (!leaf.checkPrivateKey(createPrivateKey(key)))
      return {
        code: 'key_mismatch',
        detail: 'The key does not belong to the first certificate. Send the key that it was issued for.',
      }
  } catch {
    return { code: 'invalid_key', detail: 'The key cannot be parsed. Send a private key in PEM.' }
  }
  try {
    createSecureContext({ cert: certificate, key })
    return null
  } catch {
    return {
      code: 'invalid_key',
      detail: 'TLS does not accept the certificate with this key; the key may be too short.',
    }
  }
}

/** Certificates of services may name themselves only in this extension. Node.js returns no subject for them. */
function nameOf({
  subject,
  subjectAltName,
}: {
  subject?: string | undefined
  subjectAltName?: string | undefined
}): string {
  return subject ?? subjectAltName ?? ''
}

/** A PEM text reduced to its certificates. */
export function normalized(pem: string): string {
  const found = certificatesIn(pem)
  return 'code' in found ? pem : found.map(String).join('')
}

export function certificateView(certificate: X509Certificate): CertificateView {
  return {
    subject: nameOf(certificate).replaceAll('\n', ', ').slice(0, 500),
    fingerprint256: certificate.fingerprint256,
    expiresAt: certificate.validToDate.toISOString(),
  }
}

function invalid(detail: string): PemError {
  return { code: 'invalid_certificate', detail }
}
