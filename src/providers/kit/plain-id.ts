import { ProviderError } from '../provider-error.ts'

/** The characters of ids in every vendor's documents. */
export function isPlainId(id: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(id)
}

/**
 * Validates an id from an import or an operator for use in a path or a list of ids. Any other id could address another
 * object (`..`, two ids with a comma). Gateways that decode paths before verifying a signature reject an encoded slash,
 * and five such requests in a row lock a key of ModelArts.
 *
 * @throws ProviderError `invalid_request` for any other id, so that nothing is sent
 */
export function plainId(id: string): string {
  if (isPlainId(id)) return id
  const message = `"${id.slice(0, 80)}" is an invalid id: only letters, digits, hyphens and underscores are allowed. Nothing was sent.`
  throw new ProviderError('invalid_request', message, { notSent: true })
}

/**
 * Validates a numeric id. A service that reads `007` as 7 would show one object under two ids, which two records could
 * then represent.
 */
export function plainNumber(id: string): string {
  if (/^[1-9]\d*$/.test(id)) return id
  const message = `"${id.slice(0, 80)}" is not a valid id: ids are numbers without leading zeros. Nothing was sent.`
  throw new ProviderError('invalid_request', message, { notSent: true })
}
