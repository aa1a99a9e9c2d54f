import { policies, types, type Client, type EmptyCallback, type ExecutionOptions, type Host, type HostMap } from 'cassandra-driver';
import { dataCenterUnknown } from './errors.ts';

/** How long a node that kept a request waiting is asked last, in milliseconds. */
const SUSPICION = 10_000;

const { loadBalancing } = policies;

/**
 * Replicas of the local data centre first, the others of it in turn; nodes that lately kept a request waiting come last.
 * A node that was stopped keeps its connections open, so that the driver would go on asking it and wait each time.
 */
export class Balancing extends loadBalancing.LoadBalancingPolicy {
  readonly #wanted: string | null;
  readonly #contactPoints: readonly string[];
  readonly #suspects = new Map<string, number>();
  #inner: policies.loadBalancing.LoadBalancingPolicy | null = null;
  #dataCenter = '';

  /** @param contactPoints addresses as `ip:port`, in the order of the profile: the first that is a node gives the data centre */
  constructor(dataCenter: string | null, contactPoints: readonly string[]) {
    super();
    this.#wanted = dataCenter;
    this.#contactPoints = contactPoints;
  }

  /** The local data centre, known once connected. */
  get dataCenter(): string {
    return this.#dataCenter;
  }

  /** Notes that the node at `address` (`ip:port`) let a request wait. */
  suspect(address: string): void {
    this.#suspects.set(address, Date.now() + SUSPICION);
  }

  override init(client: Client, hosts: HostMap, callback: EmptyCallback): void {
    const nodes = hosts.values();
    const named = this.#contactPoints.map((address) => nodes.find((host) => host.address === address)).find((host) => host !== undefined);
    this.#dataCenter = this.#wanted ?? (named ?? nodes[0])?.datacenter ?? '';
    const found = [...new Set(nodes.map(({ datacenter }) => datacenter))].sort();
    if (!found.includes(this.#dataCenter)) {
      callback(dataCenterUnknown(this.#dataCenter, found));
      return;
    }
    this.#inner = new loadBalancing.TokenAwarePolicy(new loadBalancing.DCAwareRoundRobinPolicy(this.#dataCenter));
    this.#inner.init(client, hosts, callback);
  }

  override getDistance(host: Host): types.distance {
    return host.datacenter === this.#dataCenter ? types.distance.local : types.distance.ignored;
  }

  override newQueryPlan(
    keyspace: string,
    options: ExecutionOptions,
    callback: (error: Error, iterator: Iterator<Host>) => void,
  ): void {
    this.#inner?.newQueryPlan(keyspace, options, (error, plan) => callback(error, this.#suspects.size === 0 ? plan : this.#suspectsLast(plan)));
  }

  *#suspectsLast(plan: Iterator<Host>): Generator<Host> {
    const now = Date.now();
    const late: Host[] = [];
    for (let next = plan.next(); next.done !== true; next = plan.next()) {
      const until = this.#suspects.get(next.value.address);
      if (until === undefined) {
        yield next.value;
      } else if (until < now) {
        this.#suspects.delete(next.value.address);
        yield next.value;
      } else {
        late.push(next.value);
      }
    }
    yield* late;
  }

  override getOptions(): Map<string, object> {
    return new Map();
  }
}
