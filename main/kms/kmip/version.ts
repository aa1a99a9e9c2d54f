import { AppError } from '../../errors.ts';

/** The protocol versions that the console speaks, lowest first. */
export const VERSIONS = ['1.0', '1.1', '1.2', '1.3', '1.4', '2.0', '2.1'] as const;

export type KmipVersion = (typeof VERSIONS)[number];

/** Whether `version` is `least` or newer. */
export function atLeast(version: KmipVersion, least: KmipVersion): boolean {
  return VERSIONS.indexOf(version) >= VERSIONS.indexOf(least);
}

/**
 * The newest version that both speak; `offered` as the server told it (Discover Versions), in any order.
 * @throws AppError `KMIP_VERSION_UNSUPPORTED` where there is none.
 */
export function newestCommon(offered: readonly string[]): KmipVersion {
  const common = VERSIONS.findLast((version) => offered.includes(version));
  if (common === undefined) {
    throw new AppError(
      'KMIP_VERSION_UNSUPPORTED',
      `The KMIP server speaks only versions that the console does not (${offered.slice(0, 16).join(', ') || 'it named none'}). Nothing was changed.`,
      `Turn on one of KMIP ${VERSIONS[0]} to ${VERSIONS.at(-1)} at the server.`,
      { details: { offered: offered.slice(0, 16) } },
    );
  }
  return common;
}

/** Refuses what `version` does not have yet: an operation, or a field. @throws AppError `KMIP_OPERATION_UNAVAILABLE` */
export function demand(version: KmipVersion, least: KmipVersion, what: string): void {
  if (atLeast(version, least)) return;
  throw new AppError(
    'KMIP_OPERATION_UNAVAILABLE',
    `${what} needs KMIP ${least} or newer, and this server speaks ${version}. Nothing was sent.`,
    `Turn on KMIP ${least} or newer at the server, or use another key management system.`,
    { details: { version, needed: least } },
  );
}
