import { useEffect, useState } from 'react';

/** How long typing has to rest, in milliseconds. */
const REST = 200;

/** `text` once it has rested: what is typed on is not asked for letter by letter. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), REST);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
