export function InstancePage(_: object) { return <p>…</p>; }
