import type { LookupFunction } from 'node:net'

/** A resolver with fixed addresses by name, which records the requested names. Other names do not exist. */
export function resolverOf(addresses: Readonly<Record<string, readonly string[]>>) {
  const lookups: string[] = []
  const lookup: LookupFunction = (hostname, options, callback) => {
    lookups.push(hostname)
    const found = (addresses[hostname] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const [first] = found
    if (first === undefined) callback(Object.assign(new Error('name not found'), { code: 'ENOTFOUND' }), [])
    else if (options.all === true) callback(null, found)
    else callback(null, first.address, first.family)
  }
  return { lookup, lookups }
}
