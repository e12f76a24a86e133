const unknownAuthority =
  'has a certificate signed by an unknown authority. Set REDIS_TLS_CA_FILE to the certificate of the authority'
const clientCertificate = 'requires a client certificate. Set REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE'
const noTls = 'does not use TLS on this port. Use the scheme without s in REDIS_URL, or the TLS port'

/** TLS errors: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const byCode: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name. Set REDIS_TLS_SERVER_NAME to the name in it',
  CERT_HAS_EXPIRED: 'has a certificate that has expired. Renew it',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientCertificate,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: clientCertificate,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
}

const grant = 'Grant those listed in docs/redis.md'

/** Beginnings of error messages: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const byMessage: readonly [RegExp, string][] = [
  [/WRONGPASS|ERR invalid password|without any password configured/, 'rejects the user. Correct user and password'],
  [/NOAUTH/, 'requires a password. Add user and password to REDIS_URL (of Sentinels: REDIS_SENTINEL_PASSWORD)'],
  [/NOPERM/, `denies the user a command or key. ${grant}`],
  [/MISCONF/, 'rejects writes, because it cannot save to its disk. Correct the disk, or do not save'],
  [/NOREPLICAS/, 'rejects writes, because replicas are missing. Correct them, or min-replicas-to-write'],
  [/invalid reply: null|No such master/, 'does not know the master. Correct sentinelMasterId in REDIS_URL'],
  [/cluster support disabled/, 'is not a cluster. Use redis:// in REDIS_URL'],
  [/DB index is out of range/, 'does not have the logical database. Correct the path of REDIS_URL'],
  [/self-signed certificate|unable to (get|verify)/, unknownAuthority],
  [/does not match certificate/, 'has a certificate for another name. Set REDIS_TLS_SERVER_NAME to the name in it'],
  [/certificate required|handshake failure/, clientCertificate],
  [/wrong version number|packet length too long/, noTls],
]

/**
 * What an operator has to correct, or null if Redis is only unavailable. Never repeats the error's message: an unknown command is
 * returned with its arguments, which may be a password.
 */
export function redisProblemOf(error: unknown): string | null {
  const {
    code = '',
    message = '',
    lastNodeError,
  } = error as Partial<Record<'code' | 'message', string>> & {
    lastNodeError?: unknown
  }
  const found = byCode[code] ?? deniedCommand(message) ?? byMessage.find(([pattern]) => pattern.test(message))?.[1]
  if (found !== undefined) return found
  return lastNodeError === undefined || lastNodeError === null ? null : redisProblemOf(lastNodeError)
}

/** Redis names the command, without its arguments; keys are not named. */
function deniedCommand(message: string): string | undefined {
  const [, command] = message.match(/^NOPERM[^']{0,200}'([a-z|]{1,40})' command/) ?? []
  return command === undefined ? undefined : `denies the user a command or key (${command}). ${grant}`
}
