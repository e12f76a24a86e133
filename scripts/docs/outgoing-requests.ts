/** The section of docs/configuration.md about destinations of outgoing requests, proxies and certificates. */
export const outgoing = `## Outgoing requests

Clients choose the destinations of connections and webhooks. Switchyard therefore checks every client-supplied URL against the
operator's rules when it is written (422, code \`egress_denied\`) and again for each TCP connection, after name resolution.
Only **https to public addresses** is allowed unless \`EGRESS_ALLOW\` lists the destination. Private, loopback,
link-local, unique-local, carrier-grade NAT, multicast and reserved addresses, metadata services, IPv4 addresses embedded in
IPv6 (mapped, 6to4, Teredo, NAT64) and all plain http are rejected; plain http would expose credentials.

| Entry | Allows |
|---|---|
| \`slurm.example.internal\` | this name, at a public, private or loopback address, over https or http |
| \`*.hpc.example.internal\` | every name below it, likewise |
| \`10.20.0.5\`, \`[fd00::5]\` | this address, under any name |
| \`10.20.0.0/16\`, \`fd00::/8\` | every address of the range, under any name |
| \`slurm.example.internal:6820\`, \`10.20.0.5:6820\`, \`[fd00::5]:8000\` | the same, on this port only |

- In-house servers (**Slurm, JupyterHub**) need an entry each: \`EGRESS_ALLOW=slurm.example.internal:6820,hub.example.internal\`.
- Link-local addresses and cloud metadata services (169.254.169.254, 100.100.100.200, fd00:ec2::254, fd20:ce::254 and
  others) are allowed only by their exact address, never by a name or a range.
- Behind NAT64, list \`64:ff9b::/96\`. The embedded IPv4 address is still checked.
- Without \`DATABASE_URL\`, the embedded sandbox and its ports are allowed automatically.
- If the host of a connection is no longer allowed, its workloads wait with reason \`egress_denied\` and nothing is sent.
- An unlisted name that does not exist is reported like one that is not allowed, and after the same time, so that callers cannot
  discover internal names. The response is sent at full seconds after the lookup (at most half seconds if a call may take a second
  or less). This conceals lookup times up to that unit; a name server that takes seconds for one name and none for another is
  still distinguishable.
- Redirects are not followed. Of the proxy settings of the environment, only \`NO_PROXY\` is read, with \`EGRESS_PROXY\`.

## Egress proxy

With \`EGRESS_PROXY\` set, provider calls, webhook deliveries and requests to \`OIDC_ISSUER\` go through that HTTP proxy. Switchyard opens a
tunnel by CONNECT for every TCP connection, for https and http alike, so TLS ends at the destination and the proxy sees only its name
and port. A proxy that permits CONNECT to port 443 only (the default of Squid) needs a rule for other ports. The database, Redis and the
proxy itself are called directly.

- **Bypass**: \`EGRESS_NO_PROXY\`, or \`NO_PROXY\` if it is absent, lists the destinations that are called directly: \`hub.example.org\` (this name
  and all names below it), \`.example.org\` (only names below it), an address, a CIDR range, each but a range optionally with \`:port\`, or
  \`*\`. Ranges match addresses in URLs; names are not resolved for it. The local machine is always called directly. Entries of \`NO_PROXY\` in
  other forms are ignored: the log names them once, at the start. In \`EGRESS_NO_PROXY\` they are an error.
- **The rules above still decide before anything is sent.** A name is resolved by Switchyard, and all its addresses must be
  allowed; then the proxy resolves the name again. A name whose answers change in between (DNS rebinding) can thus lead the
  proxy to another address: the proxy should reject private destinations as well. Without a proxy there is no such gap.
- **Names that cannot be resolved here** are denied by default. On a site without DNS for external names, set
  \`EGRESS_PROXY_UNRESOLVED=allow\`: the decision is then made by the name alone. Denied unless listed in \`EGRESS_ALLOW\` are plain http,
  names without a dot, names below \`internal\`, \`local\`, \`localhost\`, \`home.arpa\`, \`test\`, \`invalid\`, \`onion\`, \`corp\`, \`home\`,
  \`intranet\`, \`lan\` and \`private\`, and known metadata services. Every other name that leads to an internal address only at the proxy is
  reachable, so the proxy must reject private destinations. Callers can also discover which names exist in the local DNS, since
  those are denied. A lookup that takes more than 2.5 s (half the connection timeout if that is less) counts as unresolved.
- The address of \`EGRESS_PROXY\` is the operator's and not subject to the rules.
- A call for which the proxy opens no tunnel was not sent and is retried. HTTP 403 and 451 of the proxy are reported as \`egress_denied\`,
  everything else (no connection, 407, 5xx) as \`unavailable\`; webhook deliveries report \`unreachable\`. The message and the \`field\` of a
  verification name \`EGRESS_PROXY\`.
- Certificate authorities of the site, for example of a proxy with \`https://\` or of an in-house provider, are added for all outgoing
  requests by Node.js: \`NODE_EXTRA_CA_CERTS=/etc/ssl/site-ca.pem\`.

## Network of a connection

\`network\` of a connection applies to its calls only, and is encrypted with \`SECRETS_KEY\` as a whole. Answers contain no secret of it.

| Part | Effect |
|---|---|
| \`proxy\` | HTTP proxy (\`url\`, \`username\`, \`password\`) instead of \`EGRESS_PROXY\` and its bypass list. It is dialed directly, and its address must be allowed like any destination: https at a public address, or listed in \`EGRESS_ALLOW\`. Entries for loopback and metadata addresses also admit those of the proxy's own machine |
| \`caCertificate\` | up to 20 certificate authorities in PEM, which replace the default ones and \`NODE_EXTRA_CA_CERTS\` for the provider; for an https proxy they are added |
| \`clientCertificate\` | certificate chain and key in PEM, presented to the provider's hosts (mTLS) and never to a proxy. Encrypted keys are not supported |

- Certificates are checked when they are written (422): PEM, validity, and that the key belongs to the certificate. Expiry is shown
  in the connection. A PATCH replaces each part as a whole; \`null\` removes it.
- \`proxy\` and \`caCertificate\` change only together with new credentials (\`credentials_required\`): both determine who can read the traffic.
  A \`proxy\` with a user or a password requires them even if it is unchanged, so that a password cannot be guessed.
  The client certificate can be changed alone, because its key never leaves Switchyard.
- Every connection has separate sockets and TLS sessions.
- A TLS alert about the client certificate is reported as \`unauthenticated\` with field \`network.clientCertificate\`, and as not sent. A
  server that closes the connection without an alert leaves the outcome of a create unknown, and it is searched for.
  nginx answers HTTP 400 instead, which is reported as \`invalid_request\`.
`
