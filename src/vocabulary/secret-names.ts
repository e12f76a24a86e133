const secretName =
  /passw(or)?d|passphrase|pwd$|secret|token$|credential|authori[sz]ation|signature|cookie|(access|api|private|secret)[-_]?key|key[-_]?pair$|^(ak|sk)$/i

/**
 * Whether a field or header with this name holds a secret. The same for all providers, so that none has to be listed.
 */
export function isSecretName(name: string): boolean {
  return secretName.test(name)
}
