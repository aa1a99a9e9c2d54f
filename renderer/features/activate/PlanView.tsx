import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ActivationPlan } from '../../../app/contract/command.ts';
import { figure } from '../../format.ts';
import { censusAge } from '../../ui/census-age.ts';
import { useNow } from '../../ui/clock.ts';
import { Identifier } from '../../ui/Identifier.tsx';
import { InstancesByLu } from '../../ui/InstancesByLu.tsx';
import { RingPicture } from '../ring/RingPicture.tsx';
import { Section } from '../../ui/Section.tsx';
import { TouchedPlaces } from '../kms/Touched.tsx';

/** What an activation would do, before it is done. */
export function PlanView({ plan }: { plan: ActivationPlan }): ReactNode {
  return (
    <div className="plan">
      <Section title="What will happen">
        <ol className="plan-steps">
          {plan.steps.map((step) => (
            <li key={step.id}>
              <strong>{step.title}</strong>
              <span className="quiet">{step.detail}</span>
            </li>
          ))}
        </ol>
      </Section>
      <div>
        {plan.warnings.length === 0 ? null : (
          <Section title="Mind">
            <ul className="warnings">
              {plan.warnings.map((warning) => (
                <li key={warning}>{warning}</li>
              ))}
            </ul>
          </Section>
        )}
        <StaysReadable plan={plan} />
        {plan.kms === null ? null : (
          <Section title="What it touches">
            {plan.byLu.length === 0 ? null : <InstancesByLu rows={plan.byLu} />}
            <TouchedPlaces nodes={plan.nodes} regions={plan.regions} named={plan.kms.provider} />
          </Section>
        )}
        {plan.ring === null ? null : (
          <Section title="Where the bytes will lie">
            <p className="quiet">{plan.ring.replication}. The description is drawn when the key is made; this is how one lies that was drawn now.</p>
            <RingPicture ring={plan.ring} />
          </Section>
        )}
      </div>
    </div>
  );
}

/** Every generation that is still needed, and the protection key through which it is read. */
export function StaysReadable({ plan }: { plan: ActivationPlan }): ReactNode {
  const now = useNow();
  return (
    <Section title="What stays readable, and through what" {...(plan.staysReadable.length === 0 ? {} : { acts: <span className="quiet">{censusAge(plan.census, now)}</span> })}>
      {plan.staysReadable.length === 0 ? (
        <p className="quiet">There is no older generation of {plan.name}.</p>
      ) : (
        <table className="figures plan-readable">
          <thead>
            <tr>
              <th>Generation</th>
              <th className="number">Instances</th>
              <th>Through</th>
            </tr>
          </thead>
          <tbody>
            {plan.staysReadable.map((each) => (
              <tr key={each.description}>
                <td>
                  <Link to="/keys/$description" params={{ description: each.description }}>
                    <Identifier text={each.description} />
                  </Link>
                </td>
                <td className="number">{figure(each.instances)}</td>
                <td>{each.through}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
