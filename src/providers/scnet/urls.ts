/** The services of a region; each is also the prefix of its paths. */
export type Service = 'ai' | 'hpc' | 'efile'

/** A base URL may have a path, to which the vendor's paths are appended. */
export function at(baseUrl: string, path: string): { origin: string; target: string } {
  const { origin, pathname } = new URL(baseUrl)
  return { origin, target: pathname.replace(/(?<!\/)\/+$/, '') + path }
}

/** The location of a service's path below its base URL, which may or may not end in the service's prefix. */
export function targetAt(service: Service, baseUrl: string, path: string): { origin: string; target: string } {
  const bare = baseUrl.replace(/(?<!\/)\/+$/, '')
  return at(new URL(bare).pathname.endsWith(`/${service}`) ? bare : `${bare}/${service}`, path)
}
