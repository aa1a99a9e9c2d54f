export function AuditPage(_: object) { return <p>…</p>; }
