import { AppError } from '../../errors.ts';

/** Where a KMIP server listens. */
export interface ServerAddress {
  /** A name, or an address; an IPv6 address stands without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Assigned to KMIP by IANA. */
const DEFAULT_PORT = 5696;

/** Not `${PARTITION}`: that would be a reference to the environment. */
const PLACEHOLDER = /\{partition\}/gi;
/** What may stand for the placeholder: one label of a host name, so that it can not lead elsewhere. */
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const URL_FORM = /^kmip:\/\/(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?))(?::(\d{1,5}))?\/?$/;

/**
 * The server that BASE_URL_TEMPLATE names: `kmip://host`, with `:port` where it is not 5696. A placeholder for the
 * partition is replaced by PARTITION; without one, PARTITION is not used.
 * @throws AppError `PROVIDER_NOT_CONFIGURED`
 */
export function serverAddress(template: string, partition: string | null): ServerAddress {
  const [, ipv6, name, , port] = URL_FORM.exec(withPartition(template.trim(), partition)) ?? [];
  const host = ipv6 ?? name;
  const number = port === undefined ? DEFAULT_PORT : Number(port);
  if (host === undefined || number < 1 || number > 65_535) {
    throw notConfigured('BASE_URL_TEMPLATE does not name a KMIP server', `Set BASE_URL_TEMPLATE in [encryption_kmip_kms] as kmip://host or kmip://host:${DEFAULT_PORT}, without a path, a user or a password.`);
  }
  return { host: host.toLowerCase(), port: number };
}

/** How a place is stored and shown: `host:port`. */
export function addressText({ host, port }: ServerAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What {@link addressText} wrote; null for anything else. */
export function readAddress(text: string): ServerAddress | null {
  const [, ipv6, name, , port] = URL_FORM.exec(`kmip://${text}`) ?? [];
  const address = { host: ipv6 ?? name ?? '', port: Number(port) };
  return addressText(address) === text && text === text.toLowerCase() && address.port >= 1 && address.port <= 65_535 ? address : null;
}

/** `PROVIDER_NOT_CONFIGURED` */
export function notConfigured(what: string, remedy: string): AppError {
  return new AppError('PROVIDER_NOT_CONFIGURED', `${what}. No KMS was asked, and nothing was changed.`, remedy, { details: { provider: 'KMIP_KMS' } });
}

function withPartition(template: string, partition: string | null): string {
  if (template.search(PLACEHOLDER) === -1) return template;
  if (partition === null || !LABEL.test(partition)) {
    throw notConfigured(
      'BASE_URL_TEMPLATE has a place for the partition, and PARTITION is not there or can not be a part of a host name',
      'Set PARTITION in [encryption_kmip_kms] to letters, digits and hyphens, or write BASE_URL_TEMPLATE without the placeholder.',
    );
  }
  return template.replace(PLACEHOLDER, partition);
}
