export function SettingsPage(_: object) { return <p>…</p>; }
