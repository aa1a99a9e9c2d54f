import { type AppError, isAppError } from '../../errors.ts';
import { ENDPOINT, type EndpointSurroundings, KmsEndpoint, type KmsEndpointSettings, type KmsEndpointState } from '../endpoint.ts';
import { KmipConnections } from './connections.ts';
import { type KmipCredentials, withCredential } from './credentials.ts';
import type { OperationName } from './enumerations.ts';
import { type KmipRequest, kmipError } from './errors.ts';
import { encodeCall, readAnswer } from './exchange.ts';
import { discoverVersions } from './operations/discover-versions.ts';
import type { KmipOperation } from './operations/operation.ts';
import { query } from './operations/query.ts';
import { type ServerAddress, addressText } from './server-address.ts';
import { type KmipVersion, VERSIONS, newestCommon } from './version.ts';

export interface KmipConnectionSettings extends KmipCredentials {
  /** Requests at once, each on a connection of its own that is kept; default 4. */
  readonly connections?: number;
  readonly limits?: Partial<KmsEndpointSettings>;
}

/** What a server told of itself. */
export interface KmipGreeting {
  readonly version: KmipVersion;
  /** Null where it does not tell (Query is refused). */
  readonly operations: readonly OperationName[] | null;
}

/** How a request may be made. */
export interface AskOptions<Answer> {
  /** The key that it is about, for the failure. */
  readonly keyId?: string;
  /** False for an act that must not happen twice. */
  readonly repeatable?: boolean;
  /** Zeroes an answer that came too late. */
  readonly discard?: (late: Answer) => void;
}

const CONNECTIONS = 4;

/**
 * The versions in which Discover Versions is sent, one after the other until a server takes one: the form is the same in
 * all, but servers refuse versions that they do not know or that were turned off.
 */
const GREETED_IN: readonly KmipVersion[] = ['1.4', '2.1', '2.0', '1.1'];

/** Reasons by which servers refuse a version; those that can not read it call the message invalid. */
const OTHER_VERSION: readonly unknown[] = ['UnsupportedProtocolVersion', 'InvalidMessage'];

/** One KMIP server: its connections, its bounded endpoint, and what it can do. */
export class KmipServer {
  readonly address: ServerAddress;
  readonly #credentials: KmipCredentials;
  readonly #connections: KmipConnections;
  readonly #endpoint: KmsEndpoint;
  readonly #turns: Turns;
  #greeting: Promise<KmipGreeting> | null = null;
  #greeted: KmipGreeting | null = null;

  constructor(address: ServerAddress, settings: KmipConnectionSettings, surroundings: EndpointSurroundings = {}) {
    this.address = address;
    this.#credentials = settings;
    this.#connections = new KmipConnections(address, settings);
    this.#endpoint = new KmsEndpoint(addressText(address), { ...ENDPOINT, ...settings.limits }, surroundings);
    this.#turns = new Turns(settings.connections ?? CONNECTIONS);
  }

  get state(): KmsEndpointState {
    return this.#endpoint.state;
  }

  /** How many connections were opened so far. */
  get opened(): number {
    return this.#connections.opened;
  }

  /** What it told of itself; null before it was asked. */
  get known(): KmipGreeting | null {
    return this.#greeted;
  }

  /** Its version and operations, asked for once. @throws AppError of docs/kms-errors.md */
  async greeting(): Promise<KmipGreeting> {
    return this.#greetedBy(this.#latest());
  }

  /**
   * Asks in the newest version that both speak. A server that speaks another one since is asked again in that.
   * @throws AppError of docs/kms-errors.md
   */
  async ask<Asked, Answer>(operation: KmipOperation<Asked, Answer>, asked: Asked, options: AskOptions<Answer> = {}): Promise<Answer> {
    const greeting = this.#latest();
    const { version } = await this.#greetedBy(greeting);
    try {
      return await this.#request(operation, asked, version, options);
    } catch (error) {
      if (!isOtherVersion(error)) throw error;
      this.#forget(greeting);
      const now = (await this.greeting()).version;
      if (now === version) throw error;
      return this.#request(operation, asked, now, options);
    }
  }

  close(): void {
    this.#connections.close();
  }

  #latest(): Promise<KmipGreeting> {
    return (this.#greeting ??= this.#greet());
  }

  async #greetedBy(greeting: Promise<KmipGreeting>): Promise<KmipGreeting> {
    try {
      const told = await greeting;
      if (this.#greeting === greeting) this.#greeted = told;
      return told;
    } catch (error) {
      this.#forget(greeting);
      throw error;
    }
  }

  /** Another one may have begun meanwhile: it stays. */
  #forget(greeting: Promise<KmipGreeting>): void {
    if (this.#greeting === greeting) this.#greeting = null;
  }

  async #greet(): Promise<KmipGreeting> {
    const version = await this.#negotiate();
    try {
      return { version, operations: (await this.#request(query, {}, version, {})).operations };
    } catch (error) {
      if (isAppError(error, 'KMS_ACT_UNSUPPORTED') || isAppError(error, 'KMS_PERMISSION_DENIED')) return { version, operations: null };
      throw error;
    }
  }

  async #negotiate(): Promise<KmipVersion> {
    for (const version of GREETED_IN) {
      try {
        return newestCommon(await this.#request(discoverVersions, { versions: VERSIONS }, version, {}));
      } catch (error) {
        if (!isOtherVersion(error) && !isAppError(error, 'KMS_ACT_UNSUPPORTED')) throw isAppError(error) ? kmipError(error, this.#facts('DiscoverVersions', {})) : error;
      }
    }
    // Without Discover Versions it speaks 1.0 (KMIP 1.1, section 4.26).
    return '1.0';
  }

  async #request<Asked, Answer>(operation: KmipOperation<Asked, Answer>, asked: Asked, version: KmipVersion, options: AskOptions<Answer>): Promise<Answer> {
    const { repeatable = true, discard } = options;
    const send = (signal: AbortSignal): Promise<Answer> => this.#send(operation, asked, version, options, signal);
    return this.#turns.take(() => this.#endpoint.call({ operation: operation.name, ask: send, repeatable, ...(discard === undefined ? {} : { discard }) }));
  }

  async #send<Asked, Answer>(operation: KmipOperation<Asked, Answer>, asked: Asked, version: KmipVersion, options: AskOptions<Answer>, signal: AbortSignal): Promise<Answer> {
    let request: Buffer | null = null;
    let answer: Buffer | null = null;
    try {
      request = await withCredential(this.#credentials, (credential) => encodeCall(operation, asked, { version, ...(credential === undefined ? {} : { credential }) }));
      answer = await this.#connections.exchange(request, options.repeatable ?? true, signal);
      return readAnswer(operation, asked, version, answer);
    } catch (error) {
      throw kmipError(error, this.#facts(operation.name, options));
    } finally {
      request?.fill(0);
      answer?.fill(0);
    }
  }

  #facts(operation: OperationName, { keyId }: { readonly keyId?: string }): KmipRequest {
    return { operation, location: addressText(this.address), hasPassword: this.#credentials.user !== null, ...(keyId === undefined ? {} : { keyId }) };
  }
}

/** Lets so many at once, in the order of asking. Waiting here is not part of a request's time. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  async take<T>(act: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

function isOtherVersion(error: unknown): error is AppError {
  return isAppError(error) && OTHER_VERSION.includes(error.details?.['reason']);
}
