import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { kmsProvider } from '../../../app/contract/kms-provider.ts';
import { queries } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { ReplaceKey, type ReplaceKeyProps } from './ReplaceKey.tsx';

/** Which KMS key takes over, and what follows from that? */
export function ReplaceKeyPage(): ReactNode {
  const { provider } = useSearch({ from: '/kms/replace' });
  const current = useQuery(queries.replacementCurrent());
  return (
    <div className="page replace">
      <Answered query={current} what="Reading every node’s config.ini">
        {({ keys, nodes }) => {
          const chosen = PROVIDERS.find((name) => name === provider) ?? keys[0]?.provider ?? 'AWS_KMS';
          if (nodes.length === 0) {
            return (
              <>
                <Sentence text="No node is named, so that there is no config.ini to write." tone="worry" />
                <EmptyState title="Name the nodes first">
                  <p>
                    Add each node’s config.ini on the page <Link to="/configuration">Configuration</Link>, or with <code>fkc profile node PROFILE add NODE --config-ini FILE</code>
                  </p>
                </EmptyState>
              </>
            );
          }
          // What config.ini names may change by what is done here: only another address begins anew.
          return <ReplaceKey key={provider ?? ''} provider={chosen} current={keys.find((key) => key.provider === chosen)?.keyId ?? null} />;
        }}
      </Answered>
    </div>
  );
}

const PROVIDERS: readonly ReplaceKeyProps['provider'][] = kmsProvider.options;
