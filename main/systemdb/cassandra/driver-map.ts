/**
 * What the driver makes of a CQL `map`: a Map, whose text keys are properties as well. The driver reads the replication
 * of keyspaces by property, whatever class maps have, and would take every keyspace for one with a single copy.
 */
export class DriverMap<K, V> extends Map<K, V> {
  /** Any Map may be given as a parameter. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Object.prototype.toString.call(value) === '[object Map]';
  }

  override set(key: K, value: V): this {
    // What a Map has of its own is never hidden by a key of the same name.
    if (typeof key === 'string' && !(key in Map.prototype)) {
      Object.defineProperty(this, key, { value, enumerable: true, configurable: true, writable: true });
    }
    return super.set(key, value);
  }
}
