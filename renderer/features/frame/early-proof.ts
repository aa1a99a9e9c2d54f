import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Status } from '../../../app/contract/session.ts';
import { queries } from '../../api.ts';

/** After so many milliseconds of quiet the chain is read: starting comes first. */
const AFTER = 2_500;
/** A longer chain is read only when it is asked for. */
const AT_MOST = 100_000;

/** Verifies the audit chain once after the start, so that the status bar has something to say. */
export function useEarlyProof(status: Status | undefined): void {
  const client = useQueryClient();
  const [due, setDue] = useState(false);
  const wanted = status !== undefined && status.state === 'live' && status.audit.intact === null && status.audit.records <= AT_MOST;
  useEffect(() => {
    if (!wanted) return undefined;
    const timer = setTimeout(() => setDue(true), AFTER);
    return () => clearTimeout(timer);
  }, [wanted]);
  const proof = useQuery({ ...queries.auditProof(), enabled: due && wanted });
  const { isSuccess } = proof;
  useEffect(() => {
    if (isSuccess) void client.invalidateQueries({ queryKey: ['status'] });
  }, [isSuccess, client]);
}
