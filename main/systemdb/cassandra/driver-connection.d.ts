/** Of the driver's own connection, which it does not declare, what stream-slots.ts needs. */
declare module 'cassandra-driver/lib/connection.js' {
  const Connection: { readonly prototype: object };
  export default Connection;
}
