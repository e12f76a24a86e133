import { usageError } from '../command-error.ts'

/** Normalizes the address of a service, which may have a path prefix: without a trailing slash. */
export function parseServiceUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw usageError(
      `${JSON.stringify(text)} is not an address. Give the URL of the service, such as https://switchyard.example.com.`,
    )
  if (url.username !== '' || url.password !== '')
    throw usageError('The URL contains a user name or password. Remove it: the API key is read separately.')
  if (url.search !== '' || url.hash !== '') throw usageError('The URL contains a query or fragment. Remove it.')
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** Whether a key sent to this address can be read on the network. */
export function isUnencrypted(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
}
