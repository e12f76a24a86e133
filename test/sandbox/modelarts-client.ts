import { createHash, createHmac } from 'node:crypto'
import { request } from 'undici'

/** A key pair of Huawei's scheme. */
export interface SdkKeys {
  accessKey: string
  secretKey: string
}

/** A request to be signed. Header names may have any case. */
export interface SdkRequest {
  method: string
  /** Decoded. */
  path: string
  query?: readonly (readonly [string, string])[]
  headers: Readonly<Record<string, string>>
  body?: string
}

/** A response, unparsed and parsed. */
export interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read parts of the body without its type
  json: any
}

/** Percent-encodes everything but the unreserved characters of RFC 3986. */
export function percent(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const char = String.fromCharCode(byte)
      return /[A-Za-z0-9\-_.~]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

/** The encoded path and query. */
export function targetOf({ path, query = [] }: Pick<SdkRequest, 'path' | 'query'>): string {
  const encoded = path.split('/').map(percent).join('/')
  const pairs = query.map(([key, value]) => `${percent(key)}=${percent(value)}`)
  return pairs.length === 0 ? encoded : `${encoded}?${pairs.join('&')}`
}

/** `SDK-HMAC-SHA256` by the signing guide, independent of the driver: signs every given header. */
export function sdkAuthorization(keys: SdkKeys, { method, path, query = [], headers, body = '' }: SdkRequest): string {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const lowerCased = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
  const sorted = lowerCased.toSorted(([left], [right]) => (left < right ? -1 : 1))
  const byName = new Map(lowerCased)
  const names = sorted.map(([name]) => name).join(';')
  const uri = path.split('/').map(percent).join('/')
  const pairs = query.toSorted(([leftKey, leftValue], [rightKey, rightValue]) => {
    const [left, right] = leftKey === rightKey ? [leftValue, rightValue] : [leftKey, rightKey]
    return left < right ? -1 : Number(left > right)
  })
  const canonical = [
    method,
    uri.endsWith('/') ? uri : `${uri}/`,
    pairs.map(([key, value]) => `${percent(key)}=${percent(value)}`).join('&'),
    sorted.map(([name, value]) => `${name}:${value}\n`).join(''),
    names,
    byName.get('x-sdk-content-sha256') ?? hash(body),
  ].join('\n')
  const date = byName.get('x-sdk-date') ?? ''
  const signature = createHmac('sha256', keys.secretKey)
    .update(`SDK-HMAC-SHA256\n${date}\n${hash(canonical)}`)
    .digest('hex')
  return `SDK-HMAC-SHA256 Access=${keys.accessKey}, SignedHeaders=${names}, Signature=${signature}`
}

/** Epoch ms in the format of `X-Sdk-Date`. */
export function sdkDate(at: number): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
}

/** Sends a request and reads any response. */
export async function send(
  url: string,
  { method, path, query, headers, body }: SdkRequest & { headers: Record<string, string> },
): Promise<Reply> {
  const reply = await request(url + targetOf({ path, ...(query && { query }) }), {
    method: method as 'GET',
    headers,
    ...(body !== undefined && { body }),
  })
  const text = await reply.body.text()
  return { status: reply.statusCode, headers: reply.headers, text, json: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The documented example of a demanager instance. */
export const instanceExample = {
  name: 'notebook-d115',
  description: '',
  profile_id: 'Ascend-Power-Engine 1.0(python3)',
  flavor: 'modelarts.kat1.xlarge',
  spec: {
    storage: { location: { path: '/aaaaaaaaa/output/' }, type: 'obs' },
    auto_stop: { enable: true, duration: 3600 },
  },
  workspace: { id: '0' },
}

/** The documented example of a notebook. */
export const notebookExample = {
  name: 'notebooks_test',
  feature: 'NOTEBOOK',
  workspace_id: '0',
  description: 'api-test',
  flavor: 'modelarts.vm.cpu.2u',
  image_id: 'e1a07296-22a8-4f05-8bc8-e936c8e54090',
  volume: { category: 'evs', ownership: 'managed', capacity: 50 },
}

/** A v2 training job of a custom image. */
export function jobExample(name: string, command: string, spec: object = {}) {
  return {
    kind: 'job',
    metadata: { name, description: 'This is a ModelArts job', workspace_id: '0' },
    algorithm: { engine: { image_url: 'atelier/pytorch:1.8' }, command, environments: { NCCL_DEBUG: 'INFO' } },
    spec: {
      resource: { flavor_id: 'modelarts.vm.cpu.8u', node_count: 1 },
      log_export_path: { obs_url: '/bucket/log/' },
      ...spec,
    },
  }
}
