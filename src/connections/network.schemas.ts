import { type TSchema, Type } from '@sinclair/typebox'

const closed = { additionalProperties: false }

const proxy = Type.Object(
  {
    url: Type.String({
      pattern: '^https?://[^\\s]+$',
      maxLength: 2048,
      examples: ['https://proxy.example.com:3128'],
      description:
        'URL of the proxy: `http://` or `https://`, host and port. Must be allowed by the egress rules of the installation.',
    }),
    username: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description: 'User name, without colon. Write-only.',
        writeOnly: true,
      }),
    ),
    password: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: 'Password. Write-only.',
        writeOnly: true,
      }),
    ),
  },
  {
    ...closed,
    title: 'ConnectionProxy',
    description:
      'HTTP proxy that tunnels all calls of the connection by CONNECT, instead of the proxy of the installation.',
  },
)

const caCertificate = Type.String({
  minLength: 1,
  maxLength: 65_536,
  description:
    'Trusted certificate authorities, 1 to 20 certificates in PEM. They replace the default ones for calls to the provider.',
})

const clientCertificate = Type.Object(
  {
    certificate: Type.String({
      minLength: 1,
      maxLength: 65_536,
      description: 'Certificate in PEM, followed by its intermediate certificates, if any.',
    }),
    key: Type.String({
      minLength: 1,
      maxLength: 16_384,
      description: 'Private key of the certificate in PEM, without passphrase. Write-only.',
      writeOnly: true,
    }),
  },
  { ...closed, title: 'ClientCertificate', description: 'Client certificate presented to the provider (mTLS).' },
)

export const networkSchema = Type.Object(
  {
    proxy: Type.Optional(proxy),
    caCertificate: Type.Optional(caCertificate),
    clientCertificate: Type.Optional(clientCertificate),
  },
  {
    ...closed,
    title: 'ConnectionNetwork',
    description: 'How the provider is reached: proxy, certificate authorities and client certificate. Encrypted.',
  },
)

/** No `anyOf`, to keep generated clients simple. */
const removable = (schema: TSchema, note = '') =>
  Type.Optional(
    Type.Unsafe({
      ...schema,
      type: [schema.type, 'null'],
      description: `${schema.description} ${note} \`null\` removes it.`,
    }),
  )
const guarded = 'Changes only together with new credentials.'

export const networkPatchSchema = Type.Object(
  {
    proxy: removable(
      { ...proxy, title: 'ConnectionProxyPatch' },
      `${guarded} With \`username\` or \`password\`, they are required even if it is unchanged.`,
    ),
    caCertificate: removable(caCertificate, guarded),
    clientCertificate: removable({ ...clientCertificate, title: 'ClientCertificatePatch' }),
  },
  {
    ...closed,
    minProperties: 1,
    title: 'ConnectionNetworkPatch',
    description: 'Changes to the network; each part is replaced as a whole.',
  },
)

const certificateView = {
  subject: Type.String({ description: 'Subject, such as `CN=team-a, O=Example`.' }),
  fingerprint256: Type.String({ description: 'SHA-256 fingerprint in hex, separated by colons.' }),
  expiresAt: Type.String({ format: 'date-time', description: 'Expires at.' }),
}

export const networkViewSchema = Type.Object(
  {
    proxy: Type.Optional(
      Type.Object(
        {
          url: Type.String({ description: 'URL of the proxy.' }),
          hasCredentials: Type.Boolean({ description: 'Whether Switchyard authenticates to it.' }),
        },
        { title: 'ConnectionProxyView', description: 'Proxy, without its credentials.' },
      ),
    ),
    caCertificates: Type.Optional(
      Type.Array(Type.Object(certificateView, { title: 'CertificateView', description: 'Certificate.' }), {
        description: 'Trusted certificate authorities.',
      }),
    ),
    clientCertificate: Type.Optional(
      Type.Object(certificateView, { title: 'CertificateView', description: 'Certificate.' }),
    ),
  },
  { title: 'ConnectionNetworkView', description: 'How the provider is reached, without secrets.' },
)
