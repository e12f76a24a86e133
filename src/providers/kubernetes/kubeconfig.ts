import { parse } from 'yaml'
import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { isObject, readFlag, readList, readObject, readText } from '../kit/fields.ts'
import type { CredentialError, Unpacked } from '../provider.ts'

/**
 * Extracts the user's token or certificate and the cluster's certificate authorities from a kubeconfig, from the
 * context whose cluster has the base URL of the connection. The rest is neither used nor stored.
 * https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
export function unpackKubeconfig(text: string, baseUrl: string): Unpacked | CredentialError {
  const config = parsed(text)
  if (config === null)
    return rejected('It is not a kubeconfig. Send the output of `kubectl config view --raw --flatten`.')
  const chosen = contextFor(config, baseUrl)
  if ('detail' in chosen) return chosen
  const problem = clusterProblem(chosen.cluster) ?? userProblem(chosen.user)
  return problem === null ? partsOf(chosen) : rejected(problem)
}

function parsed(text: string): JsonObject | null {
  try {
    const config = parse(text) as Json
    return isObject(config) && readText(config, 'kind') === 'Config' ? config : null
  } catch {
    // The message may quote the text.
    return null
  }
}

interface Context {
  cluster: JsonObject
  user: JsonObject
}

function contextFor(config: JsonObject, baseUrl: string): Context | CredentialError {
  const named = (list: string, part: string, name: string) =>
    readObject(readList(config, list).find((each) => readText(each, 'name') === name) ?? null, part)
  const contexts = readList(config, 'contexts').map((each) => {
    const { cluster, user } = readObject(each, 'context')
    return {
      name: readText(each, 'name'),
      cluster: named('clusters', 'cluster', String(cluster)),
      user: named('users', 'user', String(user)),
      userName: String(user),
    }
  })
  const matching = contexts.filter(({ cluster }) => isSame(readText(cluster, 'server'), baseUrl))
  const current = matching.find(({ name }) => name === readText(config, 'current-context'))
  const [first] = matching
  if (first === undefined) {
    const servers = contexts.flatMap(({ cluster }) => originOf(readText(cluster, 'server')))
    const known = [...new Set(servers)].join(', ') || 'no server'
    return rejected(
      `No context of it has the server ${originOf(baseUrl)[0] ?? ''}; it has ${known}. Send its server as \`baseUrl\`.`,
    )
  }
  if (current !== undefined || matching.every(({ userName }) => userName === first.userName)) return current ?? first
  return rejected(
    'Several contexts of it have this server. Select one with `kubectl config use-context`, or send one only.',
  )
}

function isSame(server: string | undefined, baseUrl: string): boolean {
  if (server === undefined || !URL.canParse(server)) return false
  const bare = (url: string) => new URL(url).href.replace(/\/$/, '')
  return bare(server) === bare(baseUrl)
}

function originOf(server: string | undefined): string[] {
  return server !== undefined && URL.canParse(server) ? [new URL(server).origin] : []
}

const flatten = 'Embed it: `kubectl config view --raw --flatten`.'

function clusterProblem(cluster: JsonObject): string | null {
  if (readFlag(cluster, 'insecure-skip-tls-verify') === true)
    return 'It disables the verification of the server. Add the certificate authority of the cluster to it instead.'
  if (readText(cluster, 'certificate-authority') !== undefined) return `It names a file with certificates. ${flatten}`
  if (readText(cluster, 'tls-server-name') !== undefined)
    return 'Its `tls-server-name` is not supported. Use a `baseUrl` with the name in the certificate of the server.'
  return readText(cluster, 'proxy-url') === undefined
    ? null
    : 'Its `proxy-url` is not used. Remove it, and send the proxy as `network.proxy`.'
}

function userProblem(user: JsonObject): string | null {
  if ('exec' in user || 'auth-provider' in user)
    return 'Its user is authenticated by a program, which Switchyard does not run. Create a service account, and send a token of it: `kubectl create token`.'
  const files = ['client-certificate', 'client-key', 'tokenFile']
  if (files.some((name) => readText(user, name) !== undefined)) return `It names a file with credentials. ${flatten}`
  if (['as', 'as-uid', 'as-groups', 'username', 'password'].some((name) => name in user))
    return 'Impersonation and passwords are not supported. Send a user with a token or a client certificate.'
  const hasCertificate = [certificateData, keyData].every((name) => readText(user, name) !== undefined)
  return readText(user, 'token') !== undefined || hasCertificate
    ? null
    : 'Its user has neither a token nor a client certificate with its key. Send one that has.'
}

const certificateData = 'client-certificate-data'
const keyData = 'client-key-data'

function partsOf({ cluster, user }: Context): Unpacked {
  const token = readText(user, 'token')?.trim()
  const [certificate, key] = [decoded(user, certificateData), decoded(user, keyData)]
  return {
    credentials: token === undefined ? {} : { token },
    network: {
      caCertificate: decoded(cluster, 'certificate-authority-data') ?? null,
      clientCertificate: certificate === undefined || key === undefined ? null : { certificate, key },
    },
  }
}

function decoded(from: JsonObject, name: string): string | undefined {
  const value = readText(from, name)
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8')
}

const rejected = (detail: string): CredentialError => ({ field: 'kubeconfig', detail })
