import type { ReactNode } from 'react';
import type { KmsTestView } from '../../../app/contract/kms.ts';
import { latency } from '../../format.ts';
import { Section } from '../../ui/Section.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';

const STEPS: Readonly<Record<KmsTestView['steps'][number]['step'], string>> = {
  open: 'Settings and credentials',
  describe: 'State of the key',
  generate: 'Make a key and wrap it',
  wrap: 'Wrap a random key',
  unwrap: 'Unwrap it',
  compare: 'Compare',
};

/** How far each KMS came with a random key that was thrown away. */
export function TestResult({ tests, onClose }: { tests: readonly KmsTestView[]; onClose: () => void }): ReactNode {
  const bad = tests.filter(({ ok }) => !ok).length;
  return (
    <Section
      title={bad === 0 ? 'Each KMS wrapped a random key and opened it again; nothing was stored' : `${bad} of ${tests.length} did not come through`}
      acts={
        <button type="button" className="close" onClick={onClose} aria-label="Close: test">
          ✕
        </button>
      }
    >
      <div className="kms-tests" role="status">
        {tests.map(({ provider, steps }) => (
          <table className="figures" key={provider}>
            <caption>{provider}</caption>
            <tbody>
              {steps.map(({ step, ok, detail, ms, failure }) => (
                <tr key={step}>
                  <td>{STEPS[step]}</td>
                  <td>
                    <StateBadge state={ok ? 'done' : 'failed'} word={ok ? 'done' : (failure?.code ?? 'failed')} />
                  </td>
                  <td className="number">{latency(ms)}</td>
                  <td className="kms-test-detail">{ok ? <span className="quiet">{detail}</span> : `${failure?.message ?? ''} ${failure?.remedy ?? ''}`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </div>
    </Section>
  );
}
