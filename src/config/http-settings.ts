import { Type } from '@sinclair/typebox'

/** Settings of the API: rates, tokens, the edge, and limits of requests. */
export const httpSettings = {
  REQUEST_RATE_LIMIT: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 5000,
    description: 'Maximum requests per API key and window, across all instances; 0 = unlimited.',
  }),
  REQUEST_RATE_WINDOW_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 86_400,
    default: 10,
    description: 'Window of `REQUEST_RATE_LIMIT`, in seconds.',
  }),
  MAX_EVENT_LOOP_DELAY_MS: Type.Integer({
    minimum: 0,
    maximum: 60_000,
    default: 1000,
    description:
      'Mean event loop delay within a second above which requests are rejected with 503 and `Retry-After`, in ' +
      'milliseconds; 0 = unlimited. Health checks and metrics are always served.',
  }),
  MAX_HEAP_PERCENT: Type.Integer({
    minimum: 0,
    maximum: 100,
    default: 90,
    description:
      'Used part of the heap limit of Node.js (`--max-old-space-size`), in percent, above which requests are rejected in the same way; 0 = unlimited.',
  }),
  OIDC_ISSUER: Type.Optional(
    Type.String({
      pattern: '^https?://',
      title: 'a URL that begins with https://',
      description: 'OpenID Connect issuer whose access tokens are accepted in addition to API keys.',
    }),
  ),
  OIDC_AUDIENCE: Type.Optional(
    Type.String({
      pattern: '^[^, ]+( *, *[^, ]+)*$',
      title: 'one or more audiences separated by commas',
      description: 'Expected audiences, of which a token must contain one. Required with `OIDC_ISSUER`.',
    }),
  ),
  OIDC_AUDIENCE_CLAIM: Type.String({
    minLength: 1,
    default: 'aud',
    title: 'the name or path of a claim',
    description: 'Token claim that contains the audience; `client_id` for Amazon Cognito access tokens.',
  }),
  OIDC_PROJECT_CLAIM: Type.String({
    minLength: 1,
    default: 'project',
    title: 'the name or path of a claim',
    description: 'Token claim that contains the project id or name, as a string or a list of one.',
  }),
  OIDC_SCOPES_CLAIM: Type.String({
    minLength: 1,
    default: 'scope',
    title: 'the name or path of a claim',
    description: 'Token claim that contains the scopes, as a list or separated by spaces.',
  }),
  OIDC_SCOPE_PREFIX: Type.Optional(
    Type.String({
      pattern: '^[!-~]+$',
      title: 'text without spaces',
      description: 'Prefix of scopes in tokens, for example `switchyard/`. Scopes without it are ignored.',
    }),
  ),
  TRUSTED_PROXIES: Type.Optional(
    Type.String({
      minLength: 1,
      title: 'addresses and ranges, separated by commas',
      description: 'Proxies whose `X-Forwarded-For` header is trusted, for example `10.0.0.0/8,127.0.0.1`.',
    }),
  ),
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s?#@]+$',
      title: 'a URL that begins with https:// or http://, without user, query or fragment',
      description:
        'Public base URL of the service, including a path prefix that a proxy strips, for example ' +
        '`https://example.org/switchyard`. Used in `Location` headers, problems and the OpenAPI document.',
    }),
  ),
  CORS_ORIGINS: Type.Optional(
    Type.String({
      pattern: '^https?://[^,/ ]+( *, *https?://[^,/ ]+)*$',
      title: 'origins, separated by commas',
      description: 'Origins allowed to call the API from a browser (CORS). If absent, none.',
    }),
  ),
  DOCS_ENABLED: Type.Boolean({
    default: true,
    description:
      'Serves `/docs`, `/openapi.json`, `/openapi-3.0.json` and `/problems`, to which `documentation` of problems links.',
  }),
  METRICS_ENABLED: Type.Boolean({
    default: true,
    description: 'Serves Prometheus metrics at `/metrics`, without authentication.',
  }),
  METRICS_PORT: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65_535,
      description:
        'Separate TCP port for `/metrics`, `/livez` and `/readyz`, in every role; 0 selects any free port. `/metrics` is then not ' +
        'served on `PORT`. Without it, a process with `ROLE=worker` serves no requests at all.',
    }),
  ),
  BODY_LIMIT_BYTES: Type.Integer({
    minimum: 1024,
    maximum: 67_108_864,
    default: 1_048_576,
    description: 'Maximum size of a request body except that of `POST /jobs/batch`, in bytes.',
  }),
  BATCH_BODY_LIMIT_BYTES: Type.Integer({
    minimum: 1024,
    maximum: 67_108_864,
    default: 8_388_608,
    description: 'Maximum size of the body of `POST /jobs/batch`, in bytes.',
  }),
  IDEMPOTENCY_TTL_HOURS: Type.Integer({
    // Guaranteed by the API contract.
    minimum: 24,
    maximum: 8760,
    default: 24,
    description: 'Retention of idempotency keys, in hours.',
  }),
  PREFER_WAIT_MAX_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 600,
    default: 60,
    description: 'Maximum `Prefer: wait` time, in seconds.',
  }),
  PREFER_WAIT_MAX_PER_KEY: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 200,
    description: 'Maximum concurrent `Prefer: wait` requests per API key and process.',
  }),
  EVENT_STREAMS_MAX_PER_KEY: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 100,
    description: 'Maximum concurrent event streams per API key and process.',
  }),
}
