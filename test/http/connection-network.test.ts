import { describe, expect, it } from 'vitest'
import { makeSecretBox } from '../../src/secrets/secret-box.ts'
import type { JsonObject } from '../../src/vocabulary/json.ts'
import { useApiBench } from '../support/api-bench.ts'
import { hasOpenssl, makeCertificateAuthority, opensslSkipped } from '../support/certificate-authority.ts'
import { testSecretsKey } from '../support/switchyard.ts'

const bench = await useApiBench()
const settings = { dataforest: { baseUrl: 'https://api.example.com', accountId: '6COytUeFj7b8eOhq2L5zL' } }
const credentials = { dataforest: { accessKey: 'an-access-key', secretKey: 'a-secret-key' } }

let connectionCount = 0
const create = (network: object) => {
  connectionCount += 1
  return bench.api.call('POST', '/connections', {
    body: { name: `network ${connectionCount}`, settings, credentials, network },
  })
}
const patch = (id: string, body: object) => bench.api.call('PATCH', `/connections/${id}`, { body })

async function sealedNetwork(id: string): Promise<JsonObject> {
  const rows = await bench.open.prisma.$queryRaw<{ sealed: string }[]>`
    SELECT sealed_network AS sealed FROM connections WHERE id = ${id}`
  return makeSecretBox(testSecretsKey).open(id, rows[0]?.sealed ?? '')
}

describe.skipIf(!hasOpenssl)(`connection network${opensslSkipped}`, () => {
  const makeCertificates = () => {
    const ca = makeCertificateAuthority()
    return { ca, team: ca.issue('team-a'), other: ca.issue('team-b') }
  }
  const { ca, team, other } = hasOpenssl ? makeCertificates() : ({} as ReturnType<typeof makeCertificates>)
  const proxy = { url: 'https://proxy.example.com:3128', username: 'us', password: 'proxy-password' }
  const fullNetwork = () => ({ proxy, caCertificate: ca.certificate, clientCertificate: team })

  it('is stored encrypted and returned without secrets', async () => {
    const { status, body } = await create(fullNetwork())
    expect(status).toBe(201)
    const view = {
      proxy: { url: 'https://proxy.example.com:3128', hasCredentials: true },
      caCertificates: [{ subject: 'CN=Test CA', fingerprint256: expect.stringMatching(/^[0-9A-F]{2}(:|$)/) }],
      clientCertificate: { subject: 'CN=team-a', expiresAt: expect.any(String) },
    }
    expect(body).toMatchObject({ network: view })
    const { id } = body as { id: string }
    const read = await bench.api.ok('GET', `/connections/${id}`)
    expect(read).toMatchObject({ network: view })
    expect(JSON.stringify([body, read])).not.toMatch(/proxy-password|PRIVATE KEY|"us"/)
    expect(await sealedNetwork(id)).toEqual({ network: fullNetwork() })
  })

  it('strips text around CA certificates and rejects other PEM forms', async () => {
    const hidden = ca.certificate.replaceAll(' CERTIFICATE', ' TRUSTED CERTIFICATE')
    const commented = await create({ caCertificate: `# the team's authority\n${ca.certificate}` })
    expect(commented.status).toBe(201)
    expect(await sealedNetwork((commented.body as { id: string }).id)).toEqual({
      network: { caCertificate: ca.certificate },
    })
    for (const caCertificate of [`${ca.certificate}${hidden}`, ca.certificate.replace('MI', '!!') + ca.certificate])
      expect(await create({ caCertificate })).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/network/caCertificate', code: 'invalid_certificate' }] },
      })
  })

  it('treats the same certificates with different surrounding text as unchanged', async () => {
    const caCertificate = `# the team's authority\n${ca.certificate}`
    const { id } = (await create({ caCertificate })).body as { id: string }
    expect((await patch(id, { network: { caCertificate } })).status).toBe(200)
  })

  it('ends a pause only when the network changes', async () => {
    const { id } = (await create({ clientCertificate: team })).body as { id: string }
    await bench.open.prisma.$executeRaw`
      UPDATE connections SET not_before = now() + interval '1 hour', pause_reason = 'unavailable', failures = 3 WHERE id = ${id}`
    const unchanged = await patch(id, { network: { clientCertificate: team } })
    expect([unchanged.status, unchanged.body]).toMatchObject([200, { pausedUntil: expect.any(String) }])
    const changed = await patch(id, { network: { clientCertificate: other } })
    expect(changed.body).not.toHaveProperty('pausedUntil')
  })

  it('accepts a client certificate without a subject', async () => {
    const nameless = ca.issue('', 'URI:spiffe://example.com/team')
    const { status, body } = await create({ clientCertificate: nameless })
    expect([status, body]).toMatchObject([
      201,
      { network: { clientCertificate: { subject: expect.stringContaining('spiffe://') } } },
    ])
  })

  it('returns 422 for a correct and for a wrong proxy password', async () => {
    const { id } = (await create({ proxy })).body as { id: string }
    const responses = await Promise.all(
      [proxy, { ...proxy, password: 'wrong' }].map((guess) => patch(id, { network: { proxy: guess } })),
    )
    expect(responses.map(({ status }) => status)).toEqual([422, 422])
  })

  it.each([
    ['a private address', () => ({ proxy: { url: 'https://10.0.0.1:3128' } }), '/network/proxy/url', 'egress_denied'],
    ['plain http', () => ({ proxy: { url: 'http://93.184.215.14' } }), '/network/proxy/url', 'egress_denied'],
    [
      'a metadata service',
      () => ({ proxy: { url: 'https://169.254.169.254' } }),
      '/network/proxy/url',
      'egress_denied',
    ],
    [
      'credentials in the URL',
      () => ({ proxy: { url: 'https://u:p@proxy.example.com' } }),
      '/network/proxy/url',
      'egress_denied',
    ],
    ['a path', () => ({ proxy: { url: 'https://proxy.example.com/x' } }), '/network/proxy/url', 'invalid'],
    [
      'a text that is not a certificate',
      () => ({ caCertificate: 'none' }),
      '/network/caCertificate',
      'invalid_certificate',
    ],
    [
      'a broken certificate',
      () => ({ caCertificate: ca.certificate.replace(/\nMI.{20}/, '\nMIIB') }),
      '/network/caCertificate',
      'invalid_certificate',
    ],
    [
      'a private key among the CA certificates',
      () => ({ caCertificate: ca.certificate + team.key }),
      '/network/caCertificate',
      'invalid_certificate',
    ],
    [
      'a private key in the client certificate',
      () => ({ clientCertificate: { certificate: team.certificate + team.key, key: team.key } }),
      '/network/clientCertificate/certificate',
      'invalid_certificate',
    ],
    [
      'a key of another certificate',
      () => ({ clientCertificate: { certificate: team.certificate, key: other.key } }),
      '/network/clientCertificate/key',
      'key_mismatch',
    ],
    [
      'an encrypted key',
      () => ({ clientCertificate: { certificate: team.certificate, key: ca.encrypted(team.key) } }),
      '/network/clientCertificate/key',
      'invalid_key',
    ],
    [
      'a text that is not a key',
      () => ({ clientCertificate: { certificate: team.certificate, key: 'hunter2' } }),
      '/network/clientCertificate/key',
      'invalid_key',
    ],
  ])('rejects %s with a pointer and without echoing it', async (_name, network, pointer, code) => {
    const { status, body } = await create(network())
    expect(status).toBe(422)
    expect(body).toMatchObject({ errors: [{ in: 'body', pointer, code }] })
    expect(JSON.stringify(body)).not.toMatch(/hunter2|PRIVATE KEY-----M|u:p@/)
  })

  it('rejects unknown and incomplete fields', async () => {
    expect((await create({ clientCertificate: { certificate: team.certificate } })).status).toBe(400)
    expect((await create({ proxy: { ...proxy, token: 'x' } })).status).toBe(400)
  })

  it('requires new credentials to change the proxy or the CA certificates', async () => {
    const { body } = await create(fullNetwork())
    const { id } = body as { id: string }
    for (const network of [{ proxy: null }, { proxy: { url: 'https://other.example.com' } }, { caCertificate: null }]) {
      const rejected = await patch(id, { network })
      const pointer = `/network/${Object.keys(network)[0]}`
      expect(rejected).toMatchObject({ status: 422, body: { errors: [{ pointer, code: 'credentials_required' }] } })
      expect((await patch(id, { network, credentials })).status).toBe(200)
    }
    // The new proxy does not inherit the password of the former one.
    const remaining = { proxy: { url: 'https://other.example.com' }, clientCertificate: team }
    expect(await sealedNetwork(id)).toEqual({ network: remaining })
  })

  it('updates the client certificate and keeps the other settings', async () => {
    const { body } = await create(fullNetwork())
    const { id, version } = body as { id: string; version: number }
    const changed = await patch(id, { network: { clientCertificate: other } })
    expect(changed.body).toMatchObject({
      version: version + 1,
      network: { proxy: { hasCredentials: true }, clientCertificate: { subject: 'CN=team-b' } },
    })
    expect(await sealedNetwork(id)).toEqual({ network: { ...fullNetwork(), clientCertificate: other } })
    const removed = await patch(id, { network: { clientCertificate: null } })
    expect(removed.body).not.toHaveProperty('network.clientCertificate')
    const audit = JSON.stringify(await bench.api.ok('GET', `/audit?objectId=${id}`))
    expect(audit).toContain('clientCertificate')
    expect(audit).not.toMatch(/PRIVATE KEY|proxy-password/)
  })

  it('is absent if not set and is erased when the connection is deleted', async () => {
    const plain = await bench.api.ok('POST', '/connections', { name: 'no network', settings, credentials })
    expect(plain).not.toHaveProperty('network')
    const { body } = await create(fullNetwork())
    const { id } = body as { id: string }
    await bench.api.call('DELETE', `/connections/${id}`)
    const rows = await bench.open.prisma.$queryRaw<object[]>`
      SELECT sealed_network AS sealed, sealed_credentials AS credentials FROM connections WHERE id = ${id}`
    expect(rows).toEqual([{ sealed: null, credentials: '' }])
  })
})
