import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { KmsActName, KmsKeyDetailView, KmsKeyView } from '../../../app/contract/kms.ts';
import { queries } from '../../api.ts';
import { counted, figure, middle } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { censusAge } from '../../ui/census-age.ts';
import { useNow } from '../../ui/clock.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { InstancesByLu } from '../../ui/InstancesByLu.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RecordsSection } from '../../ui/RecordsSection.tsx';
import { Section } from '../../ui/Section.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import { ActSheet } from './ActSheet.tsx';
import { ACT_WORDS, KeyState, rotationWords } from './words.tsx';

/** Generations and versions that are listed; the figures count all. */
const SHOWN = 50;

/** One KMS key: what it is, everything that depends on it, and what can be done with it now. */
export function KmsKeyPanel({ of, onClose }: { of: Pick<KmsKeyView, 'provider' | 'keyId'>; onClose: () => void }): ReactNode {
  const key = useQuery(queries.kmsKey(of));
  return (
    <Panel title="KMS key" onClose={onClose}>
      <Answered query={key} what="Asking the KMS about this key">
        {(value) => <KeyDetail detail={value} />}
      </Answered>
    </Panel>
  );
}

function KeyDetail({ detail }: { detail: KmsKeyDetailView }): ReactNode {
  const now = useNow();
  const [act, setAct] = useState<KmsActName | null>(null);
  const acts = detail.acts;
  return (
    <>
      <code className="wraps key-description">{detail.keyId}</code>
      <div className="key-head-line">
        <KeyState {...detail} />
        <CopyButton text={detail.keyId} what="KMS key ID" />
      </div>
      {detail.whyNot === null ? null : <FailurePanel failure={detail.whyNot} live={false} />}
      {detail.failing === null ? null : <FailurePanel failure={{ ...detail.failing.failure, message: `It does not unwrap. ${detail.failing.failure.message}` }} live={false} />}
      {acts.length === 0 ? null : (
        <div className="panel-acts">
          {acts.map((each) => (
            <Button key={each} variant="default" onClick={() => setAct(each)}>
              {ACT_WORDS[each].button}
            </Button>
          ))}
        </div>
      )}
      <Facts
        facts={[
          ['Provider', detail.provider],
          ['Region', `${detail.location ?? 'not known'}${detail.multiRegion ? ', multi-Region' : ''}`],
          ...(detail.deletionAt === null ? [] : [['Gone', <Time key="g" at={detail.deletionAt} />] as const]),
          ...(detail.failing === null ? [] : [['Failing since', <Time key="f" at={detail.failing.since} />] as const]),
          ['Made', detail.createdAt === null ? 'not known' : <Time key="m" at={detail.createdAt} />],
          ['Rotation', rotationWords(detail.rotation) || 'not known'],
          ...(detail.rotation?.nextAt == null ? [] : [['Next rotation', <Time key="n" at={detail.rotation.nextAt} />] as const]),
          ...(detail.aliases === null || detail.aliases.length === 0 ? [] : [['Aliases', detail.aliases.join(', ')] as const]),
          ...(detail.note === '' ? [] : [['Note', detail.note] as const]),
          ...(detail.origin === null || detail.origin === '' ? [] : [['Origin', detail.origin] as const]),
          ...(detail.replacedBy === null ? [] : [['Replaced by', <code key="r">{detail.replacedBy}</code>] as const]),
          ['Config.ini', detail.nodes.length === 0 ? 'no node names it' : `named by ${detail.nodes.join(', ')}${detail.provider === 'KMIP_KMS' ? ' (it, or a key that it replaced)' : ''}`],
          ...(detail.generations === 0 ? [] : [['Held here', `${figure(detail.held)} of ${counted(detail.generations, 'generation')}`] as const]),
        ]}
      />
      <Section title="What depends on it" acts={<span className="quiet">{censusAge(detail.census, now)}</span>}>
        {detail.byLu.length === 0 ? (
          <p className="quiet">{detail.census.at === null ? 'Not known: no census was taken yet.' : 'No instance depends on it.'}</p>
        ) : (
          <InstancesByLu rows={detail.byLu} />
        )}
      </Section>
      <Section title="Generations that it wraps">
        {detail.wraps.length === 0 ? (
          <p className="quiet">None.</p>
        ) : (
          <table className="figures">
            <tbody>
              {detail.wraps.slice(0, SHOWN).map((generation) => (
                <tr key={generation.description}>
                  <td>
                    <Link to="/keys/$description" params={{ description: generation.description }} title={generation.description}>
                      <code>{middle(generation.description, 26)}</code>
                    </Link>
                  </td>
                  <td>
                    <StateBadge state={generation.state} />
                  </td>
                  <td className="number">{figure(generation.instances)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {detail.wraps.length > SHOWN ? <p className="quiet">The first {SHOWN} of {figure(detail.wraps.length)}.</p> : null}
      </Section>
      <Section title="Versions at the KMS">
        {detail.versionList === null || detail.versionList.length === 0 ? (
          <p className="quiet">{detail.versionList === null ? 'This KMS does not tell them.' : 'None was told.'}</p>
        ) : (
          <table className="figures">
            <tbody>
              {detail.versionList.slice(0, SHOWN).map((version) => (
                <tr key={version.version}>
                  <td>
                    <code>{middle(version.version, 18)}</code>
                  </td>
                  <td>{version.current ? <StateBadge state="active" word="current" /> : version.state === null ? null : <KeyState state={version.state} whyNot={null} />}</td>
                  <td className="number quiet">{version.createdAt === null ? (version.cause ?? '') : <Time at={version.createdAt} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Section>
      <RecordsSection records={detail.audit} />
      {act === null ? null : <ActSheet act={act} of={detail} onClose={() => setAct(null)} />}
    </>
  );
}
