import { describe, expect, it } from 'vitest';
import { AppError, type ErrorCode, isAppError } from '../../main/errors.ts';
import { ENDPOINT, KmsEndpoint, type KmsEndpointSettings } from '../../main/kms/endpoint.ts';
import { VirtualClock } from './virtual-clock.ts';

function subject(settings: Partial<KmsEndpointSettings> = {}, random = () => 0.999): { clock: VirtualClock; endpoint: KmsEndpoint } {
  const clock = new VirtualClock();
  return { clock, endpoint: new KmsEndpoint('eu-west-1', { ...ENDPOINT, ...settings }, { clock, random }) };
}

/** Fails with each code in turn, and then answers. */
function failing(...codes: (ErrorCode | null)[]): { ask: () => Promise<string>; readonly asked: number } {
  let asked = 0;
  return {
    ask: async () => {
      const code = codes[asked] ?? null;
      asked += 1;
      if (code !== null) throw new AppError(code, 'It failed.', 'Look.');
      return 'answer';
    },
    get asked() {
      return asked;
    },
  };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: unknown) => (isAppError(error) ? error.code : 'other'),
  );
}

const forever = (): Promise<string> => new Promise(() => undefined);

describe('time-out', () => {
  it('ends a request that is not answered, tells it to stop, and discards what comes late', async () => {
    const { clock, endpoint } = subject({ attempts: 1, timeoutMs: 1_000 });
    const late: string[] = [];
    let stopped = false;
    let answer: (text: string) => void = () => undefined;
    const call = endpoint.call({
      operation: 'Decrypt',
      ask: (signal) => {
        signal.addEventListener('abort', () => {
          stopped = true;
        });
        return new Promise<string>((resolve) => {
          answer = resolve;
        });
      },
      discard: (text) => late.push(text),
    });
    expect(await codeOf(clock.until(call))).toBe('KMS_TIMEOUT');
    expect(clock.elapsed()).toBeGreaterThanOrEqual(1_000);
    expect(stopped).toBe(true);
    answer('key');
    await clock.pass(1);
    expect(late).toEqual(['key']);
  });

  it('bounds a call with all its repetitions', async () => {
    const { clock, endpoint } = subject({ timeoutMs: 5_000, deadlineMs: 12_000, attempts: 10, breaker: { ...ENDPOINT.breaker, failures: 100 } });
    expect(await codeOf(clock.until(endpoint.call({ operation: 'Decrypt', ask: forever })))).toBe('KMS_TIMEOUT');
    expect(clock.elapsed()).toBeLessThanOrEqual(12_000 + 5_000);
    expect(endpoint.state.requests).toBe(3);
  });
});

describe('repetition', () => {
  it.each(['KMS_THROTTLED', 'KMS_UNREACHABLE', 'KMS_FAILED', 'KMS_ANSWER_INVALID', 'KMS_CLOCK_WRONG', 'KMS_TIMEOUT'] as const)('asks again after %s', async (code) => {
    const { clock, endpoint } = subject();
    const trouble = failing(code, code);
    expect(await clock.until(endpoint.call({ operation: 'Decrypt', ask: trouble.ask }))).toBe('answer');
    expect(endpoint.state).toMatchObject({ requests: 3, retries: 2, throttled: code === 'KMS_THROTTLED' ? 2 : 0 });
  });

  it.each(['KMS_PERMISSION_DENIED', 'KMS_KEY_DISABLED', 'KMS_CREDENTIALS_EXPIRED', 'KMS_TLS_UNTRUSTED', 'KMS_CIPHERTEXT_REFUSED', 'KMS_CREDENTIALS_MISSING'] as const)('does not after %s', async (code) => {
    const { clock, endpoint } = subject();
    const trouble = failing(code);
    expect(await codeOf(clock.until(endpoint.call({ operation: 'Decrypt', ask: trouble.ask })))).toBe(code);
    expect(trouble.asked).toBe(1);
  });

  it('waits longer each time, and at random', async () => {
    const times = async (random: () => number): Promise<number> => {
      const { clock, endpoint } = subject({ backoffMs: 1_000, longestBackoffMs: 3_000, deadlineMs: 60_000, attempts: 5 }, random);
      await codeOf(clock.until(endpoint.call({ operation: 'Decrypt', ask: failing(...Array<ErrorCode>(9).fill('KMS_THROTTLED')).ask })));
      return clock.elapsed();
    };
    expect(await times(() => 0)).toBeLessThan(100);
    expect(await times(() => 0.5)).toBeGreaterThanOrEqual(500 + 1_000 + 1_500 + 1_500);
    expect(await times(() => 0.999)).toBeGreaterThanOrEqual(999 + 1_998 + 2_997 + 2_997);
  });

  it('asks for an act that must not happen twice again only where it surely was not done', async () => {
    const { clock, endpoint } = subject();
    const call = (...codes: ErrorCode[]): Promise<string> => codeOf(clock.until(endpoint.call({ operation: 'RotateKeyOnDemand', ask: failing(...codes).ask, repeatable: false })));
    expect(await call('KMS_THROTTLED', 'KMS_UNREACHABLE')).toBe('none');
    expect(await call('KMS_TIMEOUT')).toBe('KMS_OUTCOME_UNKNOWN');
    expect(await call('KMS_ANSWER_INVALID')).toBe('KMS_OUTCOME_UNKNOWN');
    expect(await call('KMS_PERMISSION_DENIED')).toBe('KMS_PERMISSION_DENIED');
    const broke = (): Promise<string> => Promise.reject(new AppError('KMS_UNREACHABLE', 'It broke.', 'Look.', { details: { sent: true } }));
    expect(await codeOf(clock.until(endpoint.call({ operation: 'RotateKeyOnDemand', ask: broke, repeatable: false })))).toBe('KMS_OUTCOME_UNKNOWN');
  });
});

describe('circuit breaker', () => {
  const breaker = { failures: 3, pauseMs: 10_000, longestPauseMs: 40_000 };
  const single = { attempts: 1, breaker };

  it('opens after failures in a row, tells since when and why, and asks nothing meanwhile', async () => {
    const { clock, endpoint } = subject(single);
    await clock.pass(5_000);
    const trouble = failing('KMS_UNREACHABLE', 'KMS_UNREACHABLE', 'KMS_TIMEOUT');
    for (let call = 0; call < 3; call += 1) await codeOf(clock.until(endpoint.call({ operation: 'Decrypt', ask: trouble.ask })));
    expect(endpoint.state.circuit).toMatchObject({ state: 'open', failures: 3, failingSince: Date.UTC(2026, 0, 1) + 5_000, last: { code: 'KMS_TIMEOUT' } });
    expect(endpoint.state.circuit.retryAt).toBeGreaterThan(clock.now());
    const refused = await clock.until(endpoint.call({ operation: 'Decrypt', ask: trouble.ask })).catch((error: unknown) => error);
    expect(isAppError(refused, 'KMS_CIRCUIT_OPEN') && refused.message).toContain('2026-01-01T00:00:05.000Z');
    expect(trouble.asked).toBe(3);
  });

  it('sends one probe after the pause; a good one closes it, a bad one makes the pause longer', async () => {
    const { clock, endpoint } = subject(single);
    const call = (ask: () => Promise<string>): Promise<string> => codeOf(clock.until(endpoint.call({ operation: 'Decrypt', ask })));
    const down = failing(...Array<ErrorCode>(5).fill('KMS_UNREACHABLE'));
    for (let each = 0; each < 3; each += 1) await call(down.ask);
    await clock.pass(10_000);
    expect(await call(down.ask)).toBe('KMS_UNREACHABLE');
    await clock.pass(10_000);
    expect(await call(down.ask)).toBe('KMS_CIRCUIT_OPEN');
    await clock.pass(10_000);
    const both = [endpoint.call({ operation: 'Decrypt', ask: down.ask }), endpoint.call({ operation: 'Decrypt', ask: down.ask })];
    expect((await Promise.all(both.map((each) => codeOf(clock.until(each))))).toSorted()).toEqual(['KMS_CIRCUIT_OPEN', 'KMS_UNREACHABLE']);
    await clock.pass(40_000);
    expect(await call(down.ask)).toBe('none');
    expect(endpoint.state.circuit).toEqual({ state: 'closed', failingSince: null, failures: 0, retryAt: null, last: null });
  });

  it('is not opened by a KMS that answers, whatever it says, nor by what never reached it', async () => {
    const { clock, endpoint } = subject(single);
    const codes = [...Array<ErrorCode>(5).fill('KMS_THROTTLED'), ...Array<ErrorCode>(5).fill('KMS_KEY_DISABLED'), ...Array<ErrorCode>(5).fill('KMS_CREDENTIALS_MISSING')];
    const refusing = failing(...codes);
    for (const code of codes) expect(await codeOf(clock.until(endpoint.call({ operation: 'Decrypt', ask: refusing.ask })))).toBe(code);
    expect(endpoint.state.circuit).toMatchObject({ state: 'closed', failures: 0 });
  });

  it('tells a call that made it open what happened, and not that it is open', async () => {
    const { clock, endpoint } = subject({ attempts: 4, breaker });
    expect(await codeOf(clock.until(endpoint.call({ operation: 'Decrypt', ask: failing(...Array<ErrorCode>(9).fill('KMS_UNREACHABLE')).ask })))).toBe('KMS_UNREACHABLE');
    expect(endpoint.state.requests).toBe(3);
  });

  it('probes again after a probe that never reached the KMS', async () => {
    const { clock, endpoint } = subject(single);
    const trouble = failing('KMS_TIMEOUT', 'KMS_TIMEOUT', 'KMS_TIMEOUT', 'KMS_CREDENTIALS_MISSING');
    for (let each = 0; each < 3; each += 1) await codeOf(clock.until(endpoint.call({ operation: 'Decrypt', ask: trouble.ask })));
    await clock.pass(10_000);
    expect(await codeOf(clock.until(endpoint.call({ operation: 'Decrypt', ask: trouble.ask })))).toBe('KMS_CREDENTIALS_MISSING');
    expect(await clock.until(endpoint.call({ operation: 'Decrypt', ask: trouble.ask }))).toBe('answer');
  });
});

describe('budget', () => {
  async function starts(count: number, budget: KmsEndpointSettings['budget'], operation = 'DescribeKey'): Promise<number[]> {
    const { clock, endpoint } = subject({ budget });
    const at: number[] = [];
    const ask = async (): Promise<void> => void at.push(clock.elapsed());
    await clock.until(Promise.all(Array.from({ length: count }, () => endpoint.call({ operation, ask }))));
    return at;
  }

  function mostInASecond(at: readonly number[]): number {
    return Math.max(...at.map((begin) => at.filter((each) => each >= begin && each < begin + 1_000).length));
  }

  it('keeps all requests to its rate, and uses it', async () => {
    const at = await starts(1_000, { requestsPerSecond: 100 });
    // A burst of a quarter of a second after a pause, and the rate from then on.
    expect(mostInASecond(at)).toBeLessThanOrEqual(126);
    expect(at.at(-1)).toBeGreaterThan(9_500);
    expect(at.at(-1)).toBeLessThan(10_200);
  });

  it('is 100 a second where a provider sets none, as KMIP does', async () => {
    const at = await starts(1_000, ENDPOINT.budget);
    // Whatever second after the burst: no more than the rate.
    expect(mostInASecond(at.slice(25))).toBeLessThanOrEqual(101);
    expect(at.at(-1)).toBeGreaterThan(9_500);
  });

  it('keeps an operation to a rate of its own, also below one a second', async () => {
    expect((await starts(60, { requestsPerSecond: 1_000, perOperation: { DescribeKey: 15 } })).at(-1)).toBeGreaterThan(3_500);
    expect(await starts(3, { requestsPerSecond: 1_000, perOperation: { GetParametersForImport: 0.25 } }, 'GetParametersForImport')).toEqual([0, 4_000, 8_000]);
  });

  it('lets other operations pass one that waits', async () => {
    const { clock, endpoint } = subject({ budget: { requestsPerSecond: 1_000, perOperation: { ListGrants: 1 } } });
    const slow = Promise.all([1, 2, 3].map(() => endpoint.call({ operation: 'ListGrants', ask: () => Promise.resolve() })));
    await clock.until(endpoint.call({ operation: 'DescribeKey', ask: () => Promise.resolve() }));
    expect(clock.elapsed()).toBeLessThan(100);
    await clock.until(slow);
  });
});

describe('latency', () => {
  it('is measured of answers alone, without waiting for the budget', async () => {
    const { clock, endpoint } = subject({ budget: { requestsPerSecond: 1 } });
    const taking = (ms: number) => async (): Promise<void> => clock.sleep(ms);
    expect(endpoint.state.latency).toEqual({ answers: 0, lastMs: null, medianMs: null, p95Ms: null });
    for (const ms of [10, 20, 300]) await clock.until(endpoint.call({ operation: 'Decrypt', ask: taking(ms) }));
    await codeOf(clock.until(endpoint.call({ operation: 'Decrypt', ask: failing('KMS_KEY_DISABLED').ask })));
    expect(endpoint.state.latency).toEqual({ answers: 3, lastMs: 300, medianMs: 20, p95Ms: 300 });
  });
});
