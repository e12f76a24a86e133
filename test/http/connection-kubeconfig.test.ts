import { describe, expect, it } from 'vitest'
import { makeSecretBox } from '../../src/secrets/secret-box.ts'
import { useApiBench } from '../support/api-bench.ts'
import { hasOpenssl, makeCertificateAuthority, opensslSkipped } from '../support/certificate-authority.ts'
import { testSecretsKey } from '../support/switchyard.ts'

const bench = await useApiBench()
const baseUrl = 'https://kubernetes.example.com:6443'
const settings = { kubernetes: { baseUrl, namespace: 'training' } }
const base64 = (text: string) => Buffer.from(text).toString('base64')

function kubeconfigOf(cluster: object, user: object, server = baseUrl): string {
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'a' },
    clusters: [{ name: 'a', cluster: { server, ...cluster } }],
    users: [{ name: 'a', user }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
  })
}

let connectionCount = 0
const create = (kubeconfig: string, more: object = {}) => {
  connectionCount += 1
  const credentials = { kubernetes: { kubeconfig } }
  return bench.api.call('POST', '/connections', {
    body: { name: `kube ${connectionCount}`, settings, credentials, ...more },
  })
}

const patch = (id: string, body: object, headers = {}) =>
  bench.api.call('PATCH', `/connections/${id}`, { body, headers })
const invalidKubeconfig = { errors: [{ pointer: '/credentials/kubernetes/kubeconfig', code: 'invalid' }] }

async function storedOf(id: string): Promise<object> {
  const rows = await bench.open.prisma.$queryRaw<{ credentials: string; network: string | null }[]>`
    SELECT sealed_credentials AS credentials, sealed_network AS network FROM connections WHERE id = ${id}`
  const box = makeSecretBox(testSecretsKey)
  const [row] = rows
  return {
    credentials: box.open(id, row?.credentials ?? ''),
    ...(row?.network ? box.open(id, row.network) : {}),
  }
}

describe.skipIf(!hasOpenssl)(`kubeconfig credentials${opensslSkipped}`, () => {
  const ca = hasOpenssl ? makeCertificateAuthority() : ({} as ReturnType<typeof makeCertificateAuthority>)
  const cluster = hasOpenssl ? { 'certificate-authority-data': base64(ca.certificate) } : {}
  const tokenConfig = (token: string) => ({ kubernetes: { kubeconfig: kubeconfigOf(cluster, { token }) } })

  it('are stored as token, CA and client certificate instead of the file', async () => {
    const user = ca.issue('ada')
    const data = { 'client-certificate-data': base64(user.certificate), 'client-key-data': base64(user.key) }
    const { status, body } = await create(kubeconfigOf(cluster, data))
    expect(status).toBe(201)
    const view = { caCertificates: [{ subject: 'CN=Test CA' }], clientCertificate: { subject: 'CN=ada' } }
    expect(body).toMatchObject({ network: view })
    expect(await storedOf((body as { id: string }).id)).toEqual({
      credentials: {},
      network: { caCertificate: ca.certificate, clientCertificate: user },
    })
  })

  it('replace the token and certificates of an earlier kubeconfig', async () => {
    const user = ca.issue('ben')
    const data = { 'client-certificate-data': base64(user.certificate), 'client-key-data': base64(user.key) }
    const { id } = (await create(kubeconfigOf(cluster, data))).body as { id: string }
    const credentials = { kubernetes: { kubeconfig: kubeconfigOf(cluster, { token: 'a-new-token' }) } }
    expect((await bench.api.call('PATCH', `/connections/${id}`, { body: { credentials } })).status).toBe(200)
    expect(await storedOf(id)).toEqual({
      credentials: { token: 'a-new-token' },
      network: { caCertificate: ca.certificate },
    })
  })

  it('do not override the network of the request', async () => {
    const other = makeCertificateAuthority()
    const network = { caCertificate: other.certificate }
    const { body } = await create(kubeconfigOf(cluster, { token: 'a-token' }), { network })
    expect(await storedOf((body as { id: string }).id)).toMatchObject({ network: { caCertificate: other.certificate } })
  })

  it('are rejected for another cluster without echoing the secret', async () => {
    const { status, body } = await create(kubeconfigOf(cluster, { token: 'a-token' }, 'https://elsewhere.example.com'))
    expect(status).toBe(422)
    expect(body).toMatchObject({ errors: [{ pointer: '/credentials/kubernetes/kubeconfig', code: 'invalid' }] })
    expect(JSON.stringify(body)).not.toContain('a-token')
  })

  it.each(['a token', 'a\ntoken', ' \n'])(
    'are rejected with the invalid token %j without echoing it',
    async (token) => {
      const { status, body } = await create(kubeconfigOf(cluster, { token }))
      expect(status).toBe(422)
      expect(body).toMatchObject(invalidKubeconfig)
      expect(JSON.stringify(body)).not.toContain(token)
    },
  )

  it('do not change the connection if the token is invalid', async () => {
    const { id } = (await create(kubeconfigOf(cluster, { token: 'good' }))).body as { id: string }
    const { status, body } = await patch(id, { credentials: tokenConfig('bad token') })
    expect(status).toBe(422)
    expect(body).toMatchObject(invalidKubeconfig)
    expect(await storedOf(id)).toMatchObject({ credentials: { token: 'good' } })
  })

  it('are stored without the trailing line feed of the token', async () => {
    const { body } = await create(kubeconfigOf(cluster, { token: 'a-token\n' }))
    expect(await storedOf((body as { id: string }).id)).toMatchObject({ credentials: { token: 'a-token' } })
  })

  it('are accepted together with the removal of a setting', async () => {
    const more = { settings: { kubernetes: { ...settings.kubernetes, defaultImage: 'busybox' } } }
    const { id } = (await create(kubeconfigOf(cluster, { token: 'old' }), more)).body as { id: string }
    const change = { credentials: tokenConfig('new'), settings: { kubernetes: { defaultImage: null } } }
    const { status, body } = await patch(id, change)
    expect(status).toBe(200)
    expect(body).toMatchObject({ settings: { kubernetes: expect.not.objectContaining({ defaultImage: 'busybox' }) } })
    expect(await storedOf(id)).toMatchObject({ credentials: { token: 'new' } })
  })

  it('are not validated if the If-Match is stale', async () => {
    const { id } = (await create(kubeconfigOf(cluster, { token: 'old' }))).body as { id: string }
    const { status } = await patch(id, { credentials: tokenConfig('bad token') }, { 'if-match': '"7"' })
    expect(status).toBe(412)
  })

  it('are rejected together with a separate token', async () => {
    const credentials = { kubernetes: { kubeconfig: kubeconfigOf(cluster, { token: 'a' }), token: 'b' } }
    const { status } = await bench.api.call('POST', '/connections', { body: { name: 'both', settings, credentials } })
    expect(status).toBe(400)
  })
})
