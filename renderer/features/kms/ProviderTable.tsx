import type { ReactNode } from 'react';
import type { KmsProviderView } from '../../../app/contract/kms.ts';
import { counted, figure, latency } from '../../format.ts';
import { Identifier } from '../../ui/Identifier.tsx';
import { Time } from '../../ui/Time.tsx';
import { Answers, Circuit } from './words.tsx';

/** Each place of each KMS: does it answer, how fast, and what is lost to a process that starts now. */
export function ProviderTable({ providers }: { providers: readonly KmsProviderView[] }): ReactNode {
  return (
    <div className="kms-scroll" tabIndex={0} role="group" aria-label="Health of each KMS">
      <table className="figures kms-providers">
        <thead>
          <tr>
            <th scope="col">Provider</th>
            <th scope="col">Answers</th>
            <th scope="col">Place</th>
            <th scope="col">Circuit</th>
            <th scope="col" className="number">
              Median
            </th>
            <th scope="col" className="number">
              Requests
            </th>
            <th scope="col">Lost at a restart</th>
            <th scope="col">For new master keys</th>
          </tr>
        </thead>
        <tbody>{providers.flatMap(rowsOf)}</tbody>
      </table>
    </div>
  );
}

function rowsOf(provider: KmsProviderView): ReactNode[] {
  const { endpoints, configured, lostAtRestart, since } = provider;
  const places = endpoints.length === 0 ? [null] : endpoints;
  return places.map((endpoint, index) => (
    <tr key={`${provider.provider} ${endpoint?.location ?? ''}`}>
      {index === 0 ? (
        <>
          <th scope="row" rowSpan={places.length}>
            {provider.provider}
          </th>
          <td rowSpan={places.length}>
            <Answers {...provider} />
            {since === null ? null : (
              <span className="quiet kms-since">
                failing since <Time at={since} />
              </span>
            )}
          </td>
        </>
      ) : null}
      <td>
        <code>{endpoint?.location ?? configured?.location ?? '–'}</code>
      </td>
      <td>{endpoint === null ? <span className="quiet">not asked yet</span> : <Circuit circuit={endpoint.circuit} />}</td>
      <td className="number">{endpoint?.medianMs == null ? '–' : latency(endpoint.medianMs)}</td>
      <td className="number">
        {endpoint === null ? '–' : figure(endpoint.requests)}
        {endpoint === null || endpoint.throttled === 0 ? '' : `, ${figure(endpoint.throttled)} throttled`}
      </td>
      {index === 0 ? (
        <>
          <td rowSpan={places.length}>{lostAtRestart.generations === 0 ? <span className="quiet">nothing</span> : `${counted(lostAtRestart.generations, 'generation')}, ${counted(lostAtRestart.instances, 'instance')}`}</td>
          <td rowSpan={places.length}>{configured === null ? <span className="quiet">no key is named</span> : <Identifier text={configured.keyId} />}</td>
        </>
      ) : null}
    </tr>
  ));
}
