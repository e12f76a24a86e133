import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { kubernetesProvider } from '../../../src/providers/kubernetes/index.ts'

const server = 'https://kubernetes.example.com:6443'
const settings = { baseUrl: `${server}/`, namespace: 'training' }
const base64 = (text: string) => Buffer.from(text).toString('base64')

interface Parts {
  cluster?: object
  user?: object
  contexts?: readonly object[]
  current?: string
}

function kubeconfigOf({ cluster = {}, user = { token: 'abc' }, contexts, current = 'a' }: Parts): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': current,
    clusters: [
      { name: 'a', cluster: { server, ...cluster } },
      { name: 'b', cluster: { server: 'https://other.example.com' } },
    ],
    users: [
      { name: 'ada', user },
      { name: 'ben', user: { token: 'of-ben' } },
    ],
    contexts: contexts ?? [
      { name: 'b', context: { cluster: 'b', user: 'ben' } },
      { name: 'a', context: { cluster: 'a', user: 'ada', namespace: 'other' } },
    ],
  })
}

const unpack = (parts: Parts) => kubernetesProvider.unpack?.({ kubeconfig: kubeconfigOf(parts) }, settings)
const detailOf = (parts: Parts) => (unpack(parts) as { detail?: string }).detail

describe('kubeconfig', () => {
  it('provides a token and the certificate authority of the cluster', () => {
    expect(unpack({ cluster: { 'certificate-authority-data': base64('PEM') } })).toEqual({
      credentials: { token: 'abc' },
      network: { caCertificate: 'PEM', clientCertificate: null },
    })
  })

  it('provides a client certificate', () => {
    const user = { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') }
    expect(unpack({ user })).toEqual({
      credentials: {},
      network: { caCertificate: null, clientCertificate: { certificate: 'CERT', key: 'KEY' } },
    })
  })

  it('selects the context by the server of the connection, preferably the current one', () => {
    const contexts = [
      { name: 'one', context: { cluster: 'a', user: 'ada' } },
      { name: 'two', context: { cluster: 'a', user: 'ben' } },
    ]
    expect(unpack({ contexts, current: 'two' })).toMatchObject({ credentials: { token: 'of-ben' } })
    expect(detailOf({ contexts, current: 'three' })).toContain('kubectl config use-context')
    expect(unpack({ current: 'b' })).toMatchObject({ credentials: { token: 'abc' } })
  })

  it('of another server is rejected with the servers that it contains', () => {
    expect(detailOf({ cluster: { server: 'https://elsewhere.example.com:1/x' } })).toBe(
      'No context of it has the server https://kubernetes.example.com:6443; it has https://other.example.com, https://elsewhere.example.com:1. Send its server as `baseUrl`.',
    )
  })

  it.each([
    ['an exec plug-in', { user: { exec: { command: 'aws' } } }, 'kubectl create token'],
    ['an old auth provider', { user: { 'auth-provider': { name: 'gcp' } } }, 'kubectl create token'],
    ['a file with a certificate', { user: { 'client-certificate': '/home/ada/cert.pem' } }, '--flatten'],
    ['a file with a token', { user: { tokenFile: '/run/token' } }, '--flatten'],
    ['a password', { user: { username: 'ada', password: 'secret-of-ada' } }, 'Impersonation and passwords'],
    ['another user', { user: { token: 'abc', as: 'root' } }, 'Impersonation'],
    ['no credentials', { user: {} }, 'neither a token nor a client certificate'],
    ['a key without its certificate', { user: { 'client-key-data': base64('KEY') } }, 'neither a token'],
    ['a cluster without TLS verification', { cluster: { 'insecure-skip-tls-verify': true } }, 'certificate authority'],
    ['a file with authorities', { cluster: { 'certificate-authority': '/ca.pem' } }, '--flatten'],
    ['a proxy', { cluster: { 'proxy-url': 'http://proxy:3128' } }, 'network.proxy'],
    ['another server name', { cluster: { 'tls-server-name': 'x' } }, 'tls-server-name'],
  ])('with %s is rejected with an instruction', (_name, parts, instruction) => {
    const detail = detailOf(parts)
    expect(detail).toContain(instruction)
    expect(detail).not.toMatch(/secret-of-ada|abc|\/home\/ada/)
  })

  it.each(['', 'a: [', 'kind: Pod', '- 1', 'kind: Config', `&a [*a]`, 'x: '.repeat(10_000)])(
    'is rejected if its format is invalid: %j',
    (kubeconfig) => {
      expect(kubernetesProvider.unpack?.({ kubeconfig }, settings)).toHaveProperty('detail')
    },
  )

  it('with exponentially repeated aliases is rejected', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (let at = 0; at < 9; at++) {
      const [name, before] = [String.fromCharCode(98 + at), String.fromCharCode(97 + at)]
      lines.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(', ')}]`)
    }
    expect(kubernetesProvider.unpack?.({ kubeconfig: lines.join('\n') }, settings)).toHaveProperty('detail')
  })
})
