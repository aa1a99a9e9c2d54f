import { createContext, useContext } from 'react';

/** Hands a file to the user and tells how that went; the frame gives it, so that the parts stay presentational. */
export type SaveFile = (name: string, content: Blob) => void;

export const SavingContext = createContext<SaveFile>(() => undefined);

export function useSaving(): SaveFile {
  return useContext(SavingContext);
}
