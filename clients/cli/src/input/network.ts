import type { ConnectionRequest } from '@switchyard/client'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usageError } from '../command-error.ts'
import { readText } from './files.ts'
import { isJsonObject } from './json.ts'

export interface NetworkOptions {
  caCertificateFile?: string
  clientCertificateFile?: string
  clientKeyFile?: string
}

export function addNetworkOptions(command: Command): Command {
  return command
    .option('--ca-certificate-file <file>', 'PEM file with the certificate authorities to trust.')
    .option('--client-certificate-file <file>', 'PEM file with the client certificate (mTLS).')
    .option('--client-key-file <file>', 'PEM file with the key of the client certificate.')
}

type Certificates = Pick<NonNullable<ConnectionRequest['network']>, 'caCertificate' | 'clientCertificate'>

/** The network of a request, with the certificates of these files; undefined if there is none. */
export async function readNetwork<T extends object>(
  { stdin }: Cli,
  { network: given }: { network?: T },
  { caCertificateFile, clientCertificateFile, clientKeyFile }: NetworkOptions,
): Promise<T | Certificates | (T & Certificates) | undefined> {
  if ((clientCertificateFile === undefined) !== (clientKeyFile === undefined))
    throw usageError('--client-certificate-file and --client-key-file require each other. Use both.')
  const files: Certificates = {}
  if (caCertificateFile !== undefined) files.caCertificate = await readText(caCertificateFile, stdin)
  if (clientCertificateFile !== undefined && clientKeyFile !== undefined)
    files.clientCertificate = {
      certificate: await readText(clientCertificateFile, stdin),
      key: await readText(clientKeyFile, stdin),
    }
  if (Object.keys(files).length === 0) return given
  return isJsonObject(given) ? { ...given, ...files } : files
}
