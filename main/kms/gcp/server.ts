import { KeyManagementServiceClient } from '@google-cloud/kms';
import { grpc, loggingUtils } from 'google-gax';
import { isAppError } from '../../errors.ts';
import { ENDPOINT, type EndpointSurroundings, KmsEndpoint, type KmsEndpointSettings, type KmsEndpointState } from '../endpoint.ts';
import { type GcpRequest, gcpError } from './errors.ts';
import { DEFAULT_SHARE, gcpBudget } from './quotas.ts';
import { readServerAddress, type ServerAddress } from './server-address.ts';
import { noSignIn, type SignIn, signIn } from './sign-in.ts';

export interface GcpConnection {
  /** CREDENTIAL_FILE of config.ini; null: GOOGLE_APPLICATION_CREDENTIALS, else what the surroundings give. */
  readonly credentialFile: string | null;
  /**
   * Null: Google's own. `host` or `host:port` is asked with TLS (private access, a regional endpoint). `http://` in
   * front says plain text, without credentials: taken only for an address of this machine.
   */
  readonly endpoint: string | null;
  /** Part of Google's request quotas that this console takes, above 0 up to 1; default 0.5. */
  readonly quotaShare?: number;
  /** Time-outs, repetitions and circuit breaker; the budget comes from `quotaShare`. */
  readonly limits?: Partial<Omit<KmsEndpointSettings, 'budget'>>;
}

export interface CallSettings {
  readonly signal: AbortSignal;
  readonly timeout: number;
  readonly autoPaginate: false;
  readonly retry: { readonly retryCodes: number[] };
}

interface Asking<T> extends GcpRequest {
  /** False for an act that must not happen twice. */
  readonly repeatable?: boolean;
  /** Zeroes an answer that came too late. */
  readonly discard?: (late: T) => void;
}

interface OpenClient {
  readonly kms: KeyManagementServiceClient;
  readonly signedIn: SignIn;
  /** Calls that are under way on it. */
  calls: number;
  /** No further call is made on it: it is closed after the last one. */
  retired: boolean;
}

// With GOOGLE_SDK_NODE_LOGGING set, the SDK would write each request to the terminal, the plain key among its fields.
loggingUtils.setBackend(null);

/** Cloud KMS: one client, and one bounded endpoint for each location that is asked. */
export class GcpServer {
  readonly #connection: GcpConnection;
  readonly #surroundings: EndpointSurroundings;
  readonly #endpoints = new Map<string, KmsEndpoint>();
  #open: Promise<OpenClient> | null = null;

  constructor(connection: GcpConnection, surroundings: EndpointSurroundings = {}) {
    this.#connection = connection;
    this.#surroundings = surroundings;
  }

  get states(): readonly KmsEndpointState[] {
    return [...this.#endpoints.values()].map(({ state }) => state);
  }

  /** @throws AppError of docs/kms-errors.md */
  async ask<T>(request: Asking<T>, send: (kms: KeyManagementServiceClient, settings: CallSettings) => Promise<T>): Promise<T> {
    const { operation, location, repeatable, discard } = request;
    // What can be known without asking anybody is told before anything is counted against Google.
    await this.#client();
    const ask = async (signal: AbortSignal): Promise<T> => {
      const client = await this.#client();
      const { kms, signedIn } = client;
      // A connection that answers no more stays open for minutes.
      signal.addEventListener('abort', () => this.#retire(client), { once: true });
      client.calls += 1;
      try {
        await signedIn.ready(request);
        return await send(kms, { signal, timeout: this.#timeoutMs, autoPaginate: false, retry: { retryCodes: [] } });
      } catch (error) {
        const told = gcpError(error, request);
        if (STALE.some((code) => isAppError(told, code))) this.#retire(client);
        throw told;
      } finally {
        client.calls -= 1;
        closeIfDone(client);
      }
    };
    const call = { operation, ...(repeatable === undefined ? {} : { repeatable }), ...(discard === undefined ? {} : { discard }) };
    return this.#endpoint(location).call({ ...call, ask });
  }

  close(): void {
    const opening = this.#open;
    this.#open = null;
    opening?.then(({ kms }) => kms.close()).catch(() => undefined);
  }

  get #timeoutMs(): number {
    return this.#connection.limits?.timeoutMs ?? ENDPOINT.timeoutMs;
  }

  #endpoint(location: string): KmsEndpoint {
    const known = this.#endpoints.get(location);
    if (known !== undefined) return known;
    const { limits = {}, quotaShare = DEFAULT_SHARE } = this.#connection;
    const made = new KmsEndpoint(location, { ...ENDPOINT, ...limits, budget: gcpBudget(quotaShare) }, this.#surroundings);
    this.#endpoints.set(location, made);
    return made;
  }

  async #client(): Promise<OpenClient> {
    const opening = (this.#open ??= openClient(this.#connection));
    try {
      return await opening;
    } catch (error) {
      if (this.#open === opening) this.#open = null;
      throw error;
    }
  }

  /** The next request gets another one, with whatever credentials there are by then. */
  #retire(client: OpenClient): void {
    if (client.retired) return;
    client.retired = true;
    this.#open = null;
    closeIfDone(client);
  }
}

/** After these the next request starts anew: time has passed, credentials may have been renewed. */
const STALE = ['KMS_TIMEOUT', 'KMS_CREDENTIALS_WRONG', 'KMS_CREDENTIALS_EXPIRED'] as const;

function closeIfDone({ kms, retired, calls }: OpenClient): void {
  if (retired && calls === 0) kms.close().catch(() => undefined);
}

async function openClient({ credentialFile, endpoint }: GcpConnection): Promise<OpenClient> {
  const address = endpoint === null ? null : readServerAddress(endpoint);
  const signedIn = address?.plainText === true ? noSignIn() : await signIn(credentialFile);
  const kms = new KeyManagementServiceClient({
    auth: signedIn.auth,
    ...(signedIn.universe === null ? {} : { universeDomain: signedIn.universe }),
    ...(address === null ? {} : placeOf(address)),
    enableTelemetryTracing: false,
    enableTelemetryLogging: false,
    fallback: false,
    // Repeating is ours: with a budget, a breaker, and the same rules for every provider.
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    // A refused connection is tried again as soon as a call is.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 5_000,
  });
  return { kms, signedIn, calls: 0, retired: false };
}

function placeOf({ host, port, plainText }: ServerAddress): { apiEndpoint: string; port: number; sslCreds?: grpc.ChannelCredentials } {
  return { apiEndpoint: host, port, ...(plainText ? { sslCreds: grpc.credentials.createInsecure() } : {}) };
}
