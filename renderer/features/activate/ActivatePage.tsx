export function ActivatePage(_: object) { return <p>…</p>; }
