import { auth } from 'cassandra-driver';
import type { SecretBytes } from '../../secret.ts';

/** The driver checks for its own class, which its types do not name as one. */
const { AuthProvider, Authenticator } = auth as unknown as { AuthProvider: new () => object; Authenticator: new () => object };

type TokenCallback = (error: Error | null, token?: Buffer) => void;

/**
 * Logs in with a user and a password (SASL PLAIN, RFC 4616). Keeps the password for the connections that are made
 * later, zeroes each token once the node took it, and whatever is left with {@link dispose}.
 */
export class Login extends AuthProvider implements auth.AuthProvider {
  readonly #user: string;
  readonly #password: SecretBytes;
  readonly #tokens = new Set<Buffer>();

  /** Takes `password` over. */
  constructor(user: string, password: SecretBytes) {
    super();
    this.#user = user;
    this.#password = password;
  }

  newAuthenticator(): auth.Authenticator {
    return new PlainToken(
      () => this.#token(),
      (token) => this.#forget(token),
    );
  }

  /** Zeroes the password: no new connection can be made after it. */
  dispose(): void {
    for (const token of this.#tokens) this.#forget(token);
    this.#password.dispose();
  }

  #token(): Buffer {
    const user = Buffer.from(this.#user, 'utf8');
    return this.#password.use((password) => {
      const token = Buffer.from(new ArrayBuffer(user.length + password.length + 2));
      token.set(user, 1);
      token.set(password, user.length + 2);
      this.#tokens.add(token);
      return token;
    });
  }

  #forget(token: Buffer): void {
    token.fill(0);
    this.#tokens.delete(token);
  }
}

class PlainToken extends Authenticator implements auth.Authenticator {
  readonly #make: () => Buffer;
  readonly #forget: (token: Buffer) => void;
  #token: Buffer | null = null;

  constructor(make: () => Buffer, forget: (token: Buffer) => void) {
    super();
    this.#make = make;
    this.#forget = forget;
  }

  initialResponse(callback: TokenCallback): void {
    try {
      this.#token = this.#make();
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback(null, this.#token);
  }

  /** A node that asks again did not take the token; SASL PLAIN has no second step. */
  evaluateChallenge(_challenge: Buffer, callback: TokenCallback): void {
    callback(new Error('The node asked for more than a user and a password.'));
  }

  onAuthenticationSuccess(): void {
    if (this.#token !== null) this.#forget(this.#token);
  }
}
