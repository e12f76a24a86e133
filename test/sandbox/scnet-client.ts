import { createHmac } from 'node:crypto'
import { type Dispatcher, request } from 'undici'

/** A response, as text and parsed. */
export interface ScnetReply {
  status: number
  type: string
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read parts of the body without its type
  json: any
}

/** The login signature by its documentation, independent of the driver. */
export function signLogin(keys: { accessKey: string; secretKey: string; user: string }, timestamp: string): string {
  const message = `{"accessKey":"${keys.accessKey}","timestamp":"${timestamp}","user":"${keys.user}"}`
  return createHmac('sha256', keys.secretKey).update(message).digest('hex')
}

interface Message {
  token?: string | null
  json?: unknown
  /** Sent unchanged, with its content type. */
  raw?: { type: string; body: string }
  headers?: Record<string, string>
}

/** Sends one request. A GET may have a body, with a Content-Length. */
export async function send(method: string, url: string, message: Message = {}): Promise<ScnetReply> {
  const { token, json, raw, headers = {} } = message
  const payload = json === undefined ? raw : { type: 'application/json', body: JSON.stringify(json) }
  const reply = await request(url, {
    method: method as Dispatcher.HttpMethod,
    headers: { ...(token && { token }), ...(payload && { 'content-type': payload.type }), ...headers },
    ...(payload && { body: payload.body }),
  })
  const text = await reply.body.text()
  return { status: reply.statusCode, type: String(reply.headers['content-type']), text, json: parsed(text) }
}

/** Header and claims of a JWT. */
export function decodeToken(token: string): { header: unknown; claims: Record<string, unknown> } {
  const [header, claims] = token.split('.').map((part) => parsed(Buffer.from(part, 'base64url').toString()))
  return { header, claims: claims as Record<string, unknown> }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The documented example of a container create. */
export const containerExample = {
  instanceServiceName: 'Instances_2205113838',
  description: '',
  taskType: 'ssh',
  acceleratorType: 'gpu',
  version: 'jupyter:4.4-py3.7-cpu',
  imagePath: '10.0.35.26:5000/gpu/admin/base/jupyter:4.4-py3.7-cpu',
  timeoutLimit: 'unlimited',
  taskNumber: 1,
  resourceGroup: 'TeslaM40',
  useStartScript: false,
  startScriptActionScope: 'all',
  startScriptContent: '',
  cpuNumber: 3,
  ramSize: 15360,
  gpuNumber: 1,
  mountInfoList: [{ sourcePath: '/public1/home/lizb0530d/test_mount', targetPath: '/mnt/test_mount', type: 'data' }],
  containerPortInfoList: [{ protocolType: 'HTTP', containerPort: '18888' }],
}

/** `mapAppJobInfo` with the required fields. */
export const jobExample = {
  GAP_CMD_FILE: 'echo hello\n',
  GAP_NNODE: '1',
  GAP_NODE_STRING: '',
  GAP_SUBMIT_TYPE: 'cmd',
  GAP_JOB_NAME: 'STDIN_0105_100000',
  GAP_WORK_DIR: '/public/home/acsandbox01/run',
  GAP_QUEUE: 'kshctest',
  GAP_WALL_TIME: '01:00:00',
  GAP_APPNAME: 'BASE',
  GAP_STD_OUT_FILE: '/public/home/acsandbox01/run/std.out.%j',
  GAP_STD_ERR_FILE: 'std.err.%j',
}
