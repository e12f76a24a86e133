import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { isObject, readId, readList, readText } from '../kit/fields.ts'
import { plainId } from '../kit/plain-id.ts'
import { redact } from '../kit/redact.ts'
import { webLink, webUrl } from '../kit/web-url.ts'
import type { Access, Catalog } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { Containers } from './containers.ts'
import { isAboutObject } from './errors.ts'

/** Ports with their URLs and, if SCNet returns it, the URL of the web interface, which may contain a token. */
export async function accessTo(containers: Containers, remoteId: string, signal: AbortSignal): Promise<Access> {
  const item = await containers.read(remoteId, signal)
  if (item === 'gone') throw new ProviderError('not_found', 'The SCNet container no longer exists.')
  const taskType = readText(item, 'taskType') ?? 'ssh'
  const ports = readList(item, 'containerPortInfoList').filter(isObject)
  const url = taskType === 'ssh' ? null : await readOptional(containers, `/${plainId(remoteId)}/url`, signal)
  return {
    urls: webLink(taskType, typeof url === 'string' && url !== '' ? url : undefined),
    ports: ports.flatMap((port) => {
      const number = Number(readId(port, 'containerPort'))
      if (!Number.isInteger(number)) return []
      const protocol = (readText(port, 'protocolType') ?? 'HTTP').toLowerCase()
      const url = portUrl(protocol, readText(port, 'accessUrl'))
      return [{ port: number, protocol, ...(url === undefined ? {} : { url }) }]
    }),
  }
}

/** The format of an SSH port's address is not documented: a host and port, with or without a scheme. */
const sshAddress = /^(ssh:\/\/)?([A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?\/?$/

function portUrl(protocol: string, url: string | undefined): string | undefined {
  if (url === undefined || (protocol === 'ssh' && sshAddress.test(url))) return url
  webUrl(url)
  return url
}

const maxGroups = 20

/** The resource groups, with their limits if the vendor returns them. */
export async function catalogOf(containers: Containers, signal: AbortSignal): Promise<Catalog> {
  const data = await containers.data('/resource-group', signal)
  const groups = (Array.isArray(data) ? data : readList(data, 'list')).slice(0, maxGroups)
  const resourceGroups: JsonObject[] = []
  for (const group of groups) resourceGroups.push(await describeGroup(containers, group, signal))
  return { resourceGroups: resourceGroups.map((each) => redact(each)).filter(isObject) }
}

/** The format of a group is not documented: a name, or an object with one. */
async function describeGroup(containers: Containers, group: Json, signal: AbortSignal): Promise<JsonObject> {
  const shown = isObject(group) ? group : {}
  const name = typeof group === 'string' ? group : (readText(group, 'resourceGroup') ?? readText(group, 'name'))
  if (name === undefined) return shown
  const acceleratorType = readText(group, 'acceleratorType') ?? ''
  const query = new URLSearchParams({ acceleratorType, resourceGroup: name })
  const limits = await readOptional(containers, `/resources?${query}`, signal)
  return { ...shown, name, ...(limits === null ? {} : { limits }) }
}

/** Null if SCNet does not return this for the object; the rest is still shown. */
async function readOptional(containers: Containers, path: string, signal: AbortSignal): Promise<Json> {
  return await containers.data(path, signal).catch((error: unknown) => {
    if (isAboutObject(error)) return null
    throw error
  })
}
