import { KMSClient } from '@aws-sdk/client-kms';
import { isAppError } from '../../errors.ts';
import { ENDPOINT, type EndpointSurroundings, KmsEndpoint, type KmsEndpointSettings, type KmsEndpointState } from '../endpoint.ts';
import { type AwsRequest, awsError } from './errors.ts';
import { refusePlainText } from './plain-text.ts';
import { awsBudget, DEFAULT_SHARE } from './quotas.ts';

/** As AWS has them; asked for by a function, so that their owner keeps them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Of the past: the SDK then asks the owner anew for each request, and uses nothing that its owner has zeroed since. */
const ASK_AGAIN = new Date(0);

export interface AwsConnection {
  /** Null: the SDK's own chain (environment, profile, SSO, container, instance role). */
  readonly credentials: (() => Promise<AwsCredentials>) | null;
  /** Endpoints with FIPS 140 validated cryptography. */
  readonly fips?: boolean;
  /** Part of AWS's request quotas that this console takes, above 0 up to 1; default 0.5. */
  readonly quotaShare?: number;
  /** Time-outs, repetitions and circuit breaker; the budget comes from `quotaShare`. */
  readonly limits?: Partial<Omit<KmsEndpointSettings, 'budget'>>;
}

export interface SendOptions {
  readonly abortSignal: AbortSignal;
}

interface Asking<T> extends AwsRequest {
  /** False for an act that must not happen twice. */
  readonly repeatable?: boolean;
  /** Zeroes an answer that came too late. */
  readonly discard?: (late: T) => void;
}

/** One client and one bounded endpoint for each Region that is asked. */
export class AwsRegions {
  readonly #connection: AwsConnection;
  readonly #surroundings: EndpointSurroundings;
  readonly #endpoints = new Map<string, KmsEndpoint>();
  readonly #clients = new Map<string, KMSClient>();

  constructor(connection: AwsConnection, surroundings: EndpointSurroundings = {}) {
    this.#connection = connection;
    this.#surroundings = surroundings;
  }

  get states(): readonly KmsEndpointState[] {
    return [...this.#endpoints.values()].map(({ state }) => state);
  }

  /** The Region of the SDK's own configuration. @throws AppError `KMS_REGION_MISSING` */
  async ambient(): Promise<string> {
    const client = new KMSClient({});
    try {
      return await client.config.region();
    } catch (error) {
      throw awsError(error, { operation: 'Region', region: '' });
    } finally {
      client.destroy();
    }
  }

  /** @throws AppError of docs/kms-errors.md */
  async ask<T>(request: Asking<T>, send: (client: KMSClient, options: SendOptions) => Promise<T>): Promise<T> {
    const { operation, region, repeatable, discard } = request;
    const asked = async (abortSignal: AbortSignal): Promise<T> => {
      const client = this.#client(region);
      try {
        return await send(client, { abortSignal });
      } catch (error) {
        const told = awsError(error, request);
        // The SDK's own chain keeps what it once found; the next request looks for renewed credentials.
        if (isAppError(told, 'KMS_CREDENTIALS_EXPIRED') || isAppError(told, 'KMS_CREDENTIALS_WRONG')) this.#forget(region, client);
        throw told;
      }
    };
    const call = { operation, ...(repeatable === undefined ? {} : { repeatable }), ...(discard === undefined ? {} : { discard }) };
    return this.#endpoint(region).call({ ...call, ask: asked });
  }

  close(): void {
    for (const [region, client] of this.#clients) this.#forget(region, client);
  }

  #forget(region: string, client: KMSClient): void {
    if (this.#clients.get(region) === client) this.#clients.delete(region);
    client.destroy();
  }

  #endpoint(region: string): KmsEndpoint {
    const known = this.#endpoints.get(region);
    if (known !== undefined) return known;
    const { limits = {}, quotaShare = DEFAULT_SHARE } = this.#connection;
    const made = new KmsEndpoint(region, { ...ENDPOINT, ...limits, budget: awsBudget(quotaShare) }, this.#surroundings);
    this.#endpoints.set(region, made);
    return made;
  }

  #client(region: string): KMSClient {
    const known = this.#clients.get(region);
    if (known !== undefined) return known;
    const { credentials, fips = false, limits = {} } = this.#connection;
    const made = new KMSClient({
      region,
      useFipsEndpoint: fips,
      // Repeating is ours: with a budget, a breaker, and the same rules for every provider.
      maxAttempts: 1,
      // The endpoint bounds the whole request; this one frees the socket of a host that does not take connections.
      requestHandler: { connectionTimeout: limits.timeoutMs ?? ENDPOINT.timeoutMs },
      ...(credentials === null ? {} : { credentials: async () => ({ ...(await credentials()), expiration: ASK_AGAIN }) }),
    });
    refusePlainText(made);
    this.#clients.set(region, made);
    return made;
  }
}
