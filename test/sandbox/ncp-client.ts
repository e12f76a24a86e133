import { createHmac } from 'node:crypto'
import { request } from 'undici'

/** A key pair with the URL and the clock to use. */
export interface NcpCaller {
  url: string
  accessKey: string
  secretKey: string
  now(): number
}

/** A response, unparsed and parsed. */
export interface Reply {
  status: number
  type: string
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read parts of the body without its type
  json: any
}

/** Signature v2 by its documentation, independent of the driver. */
export function sign(
  { accessKey, secretKey }: Pick<NcpCaller, 'accessKey' | 'secretKey'>,
  message: { method: string; target: string; timestamp: string },
): string {
  const text = `${message.method} ${message.target}\n${message.timestamp}\n${accessKey}`
  return createHmac('sha256', secretKey).update(text).digest('base64')
}

/** Signs and sends a JSON POST, the form of every operation of Data Forest. */
export async function post(
  caller: NcpCaller,
  target: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const timestamp = String(caller.now())
  const signedHeaders = {
    'content-type': 'application/json',
    'x-ncp-apigw-timestamp': timestamp,
    'x-ncp-iam-access-key': caller.accessKey,
    'x-ncp-apigw-signature-v2': sign(caller, { method: 'POST', target, timestamp }),
  }
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const reply = await request(caller.url + target, {
    method: 'POST',
    headers: Object.fromEntries(Object.entries({ ...signedHeaders, ...headers }).filter(([, value]) => value !== '')),
    body: payload,
  })
  const text = await reply.body.text()
  return { status: reply.statusCode, type: String(reply.headers['content-type']), text, json: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The documented example of `aiworkspaces/create`. */
export const workspaceExample = {
  accountId: '6COytUeFj7b8eOhq2L5zL',
  configuration: {
    data: {
      input: [{ hdfs: 'string', path: 'string' }],
      output: [{ hdfs: 'string', overwrite: true, path: 'string' }],
    },
    docker: { command: 'ls', image: 'tensorflow:r2.3.1-py3', workdir: '/root/' },
    name: 'test',
    queueName: 'gpu',
    resource: { cpuCount: 1, gpuCount: 1, gpuModel: 'T4', memoryMb: 1024 },
    userPackageUri: 'string',
  },
  description: 'test',
  name: 'api-test',
}

/** The documented example of `aiapps/submit` with placeholders filled in. */
export function appExample(aiWorkspaceId: string, command = 'python train.py') {
  return {
    aiWorkspaceId,
    data: {
      input: [{ hdfs: '/user/acct/data_in', path: 'data_in' }],
      output: [{ hdfs: '/user/acct/data_out', overwrite: false, path: 'data_out' }],
    },
    docker: { command, image: 'tensorflow:r2.3.1-py3', workdir: 'api-test' },
    namePrefix: 'train',
    queueName: 'gpu',
    resource: { cpuCount: 1, gpuCount: 1, gpuModel: 'T4', memoryMb: 1024 },
  }
}
