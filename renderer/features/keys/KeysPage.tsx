export function KeysPage(_: object) { return <p>…</p>; }
