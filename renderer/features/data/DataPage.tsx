export function DataPage(_: object) { return <p>…</p>; }
