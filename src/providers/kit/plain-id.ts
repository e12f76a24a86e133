import { ProviderError } from '../provider-error.ts'

/** What ids consist of in every vendor's documents. */
export function isPlainId(id: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(id)
}

/**
 * An id that is to stand in a path or in a list of ids, as an import or an operator may bring it. Anything but a plain
 * one could mean another object (`..`, two ids with a comma), and a gateway that decodes paths before it checks a
 * signature rejects an encoded slash: five such requests in a row lock a key of ModelArts.
 *
 * @throws ProviderError `invalid_request` for any other id, so that nothing is sent
 */
export function plainId(id: string): string {
  if (isPlainId(id)) return id
  const message = `"${id.slice(0, 80)}" is an invalid id: only letters, digits, hyphens and underscores are allowed. Nothing was sent.`
  throw new ProviderError('invalid_request', message, { notSent: true })
}

/**
 * The same for ids that are numbers. A service that reads `007` as 7 would show one object under two ids, so that two records
 * could stand for it.
 */
export function plainNumber(id: string): string {
  if (/^[1-9]\d*$/.test(id)) return id
  const message = `"${id.slice(0, 80)}" is not a valid id: ids are numbers without leading zeros. Nothing was sent.`
  throw new ProviderError('invalid_request', message, { notSent: true })
}
