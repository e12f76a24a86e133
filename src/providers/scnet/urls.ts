/** The services of a region; each is the prefix of its own paths too. */
export type Service = 'ai' | 'hpc' | 'efile'

/** A base URL may have a path, behind which the vendor's own paths follow. */
export function at(baseUrl: string, path: string): { origin: string; target: string } {
  const { origin, pathname } = new URL(baseUrl)
  return { origin, target: pathname.replace(/(?<!\/)\/+$/, '') + path }
}

/** Where a path of a service stands under its base URL, which may or may not end in the service's own prefix. */
export function targetAt(service: Service, baseUrl: string, path: string): { origin: string; target: string } {
  const bare = baseUrl.replace(/(?<!\/)\/+$/, '')
  return at(new URL(bare).pathname.endsWith(`/${service}`) ? bare : `${bare}/${service}`, path)
}
