import { EventEmitter } from 'node:events';
import { policies, types, type Client, type ExecutionOptions, type Host, type HostMap } from 'cassandra-driver';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Balancing } from '../../../main/systemdb/cassandra/balancing.ts';
import { CarefulRetries } from '../../../main/systemdb/cassandra/retries.ts';

// Part of the driver's interface, and not of its types.
const { rethrow, retry } = (policies.retry.RetryPolicy as unknown as { readonly retryDecision: Readonly<Record<'rethrow' | 'retry', number>> }).retryDecision;
const { localQuorum, localSerial } = types.consistencies;

describe('retries', () => {
  const careful = new CarefulRetries();
  const info = (idempotent: boolean, nbRetry: number) => ({ query: 'q', nbRetry, executionOptions: { isIdempotent: () => idempotent } }) as unknown as policies.retry.OperationInfo;
  const failures: Readonly<Record<string, (info: policies.retry.OperationInfo) => policies.retry.DecisionInfo>> = {
    'an error of the connection': (of) => careful.onRequestError(of, localQuorum),
    'too few nodes': (of) => careful.onUnavailable(of, localQuorum),
    'a read that timed out': (of) => careful.onReadTimeout(of, localQuorum),
    'a write that timed out': (of) => careful.onWriteTimeout(of, localQuorum),
  };

  describe.each(Object.keys(failures))('after %s', (failure) => {
    const decide = (idempotent: boolean, nbRetry: number): policies.retry.DecisionInfo => {
      const decided = failures[failure]?.(info(idempotent, nbRetry));
      if (decided === undefined) throw new Error('Nothing was decided.');
      return decided;
    };

    test('what may be repeated is, twice, at the same consistency, on another node', () => {
      for (const nbRetry of [0, 1]) expect(decide(true, nbRetry)).toMatchObject({ decision: retry, consistency: localQuorum, useCurrentHost: false });
      for (const nbRetry of [2, 3]) expect(decide(true, nbRetry).decision).toBe(rethrow);
    });

    test('what may not be repeated never is', () => {
      for (const nbRetry of [0, 1, 2]) expect(decide(false, nbRetry).decision).toBe(rethrow);
    });
  });

  test('never lower a consistency', () => {
    expect(careful.onReadTimeout(info(true, 0), localSerial)).toMatchObject({ decision: retry, consistency: localSerial });
  });
});

describe('balancing', () => {
  const host = (address: string, datacenter: string): Host => ({ address: `${address}:9042`, datacenter }) as unknown as Host;
  const all = [host('10.0.0.1', 'east'), host('10.0.0.2', 'east'), host('10.0.0.3', 'east'), host('10.1.0.1', 'west'), host('10.1.0.2', 'west')];
  const hosts = Object.assign(new EventEmitter(), { values: () => all }) as unknown as HostMap;
  /** Replicas of every key: the second node of each data centre. */
  const client = { getReplicas: () => [all[1], all[4]] } as unknown as Client;

  function balancing(dataCenter: string | null, contactPoints: readonly string[] = []): { policy: Balancing; error: Error | undefined } {
    const policy = new Balancing(dataCenter, contactPoints);
    let error: Error | undefined;
    policy.init(client, hosts, (failed?: Error) => {
      error = failed;
    });
    return { policy, error };
  }

  function plan(policy: Balancing, routingKey: Buffer | null): string[] {
    const options = { getRoutingKey: () => routingKey, getKeyspace: () => 'ks' } as unknown as ExecutionOptions;
    const found: string[] = [];
    policy.newQueryPlan('ks', options, (error, iterator) => {
      if (error !== null && error !== undefined) throw error;
      for (let next = iterator.next(); next.done !== true; next = iterator.next()) found.push(next.value.address.replace(':9042', ''));
    });
    return found;
  }

  afterEach(() => {
    vi.useRealTimers();
  });

  test('the data centre is the given one, else that of the first contact point that is a node', () => {
    expect(balancing('west', ['10.0.0.1:9042']).policy.dataCenter).toBe('west');
    expect(balancing(null, ['10.9.9.9:9042', '10.1.0.2:9042', '10.0.0.1:9042']).policy.dataCenter).toBe('west');
    expect(balancing(null).policy.dataCenter).toBe('east');
    expect(balancing('north').error).toMatchObject({ code: 'DATABASE_DATA_CENTER_UNKNOWN' });
  });

  test('a replica of the local data centre is asked first, then its others, and nobody of another one', () => {
    const { policy } = balancing('east');
    for (let round = 0; round < 6; round++) {
      const found = plan(policy, Buffer.from('key'));
      expect(found[0]).toBe('10.0.0.2');
      expect([...found].sort()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    }
    expect(all.map((one) => policy.getDistance(one))).toEqual([types.distance.local, types.distance.local, types.distance.local, types.distance.ignored, types.distance.ignored]);
  });

  test('without a key the nodes take turns', () => {
    const { policy } = balancing('east');
    expect(new Set(Array.from({ length: 3 }, () => plan(policy, null)[0])).size).toBe(3);
  });

  test('a node that let a request wait comes last for ten seconds', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { policy } = balancing('east');
    policy.suspect('10.0.0.2:9042');
    const found = plan(policy, Buffer.from('key'));
    expect(found).toHaveLength(3);
    expect(found.at(-1)).toBe('10.0.0.2');
    vi.setSystemTime(Date.now() + 10_001);
    expect(plan(policy, Buffer.from('key'))[0]).toBe('10.0.0.2');
  });
});
