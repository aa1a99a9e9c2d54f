import type { Fact, KeyFacts, NodeUse, RegionFacts, WhyNot } from './facts.ts';
import { finding, listed, several, type RegionFinding } from './finding.ts';
import { awsOwner, identify, spansRegions } from './identity.ts';

interface Use extends NodeUse {
  readonly node: string;
}

/** What is to be said of nodes: what each one names, against its region, the other nodes and the generations. */
export function nodeFindings(facts: RegionFacts): RegionFinding[] {
  const uses = facts.nodes.flatMap(({ node, uses: own }) => own.map((use): Use => ({ ...use, node })));
  return [
    ...facts.nodes.flatMap(({ node, whyNot }) => (whyNot === null ? [] : [finding('warning', 'NODE_NOT_READ', { nodes: [node] }, `The config.ini of ${node} could not be read: ${whyNot.message}`, whyNot.remedy)])),
    ...uses.filter(({ place }) => place === null).map(regionUnknown),
    ...mixedKeys(uses),
    ...mixedAliases(facts, uses),
    ...uses.flatMap((use) => ownerFindings(use, uses)),
    ...uses.flatMap((use) => noSuchKey(use, facts)),
    ...reaching(facts, uses),
    ...lacking(facts),
  ];
}

/** What could not be asked. */
export function silenceFindings({ places, keys, nodes }: RegionFacts): RegionFinding[] {
  const whole = places.flatMap(({ provider, place, whyNot }) => {
    if (whyNot === null) return [];
    const unknown = keys.filter((key) => key.provider === provider && key.copies.some((copy) => copy.place === place && copy.exists === 'unknown')).length;
    const concerned = nodes.filter(({ uses }) => uses.some((use) => use.provider === provider && use.place === place)).map(({ node }) => node);
    return [finding(concerned.length > 0 ? 'critical' : 'warning', 'REGION_NOT_ASKED', { provider, places: [place], nodes: concerned }, `${place} could not be asked to the end (${whyNot.code}), so that nothing is known there of ${several(unknown, 'key')}. ${whyNot.message}`, whyNot.remedy)];
  });
  const silent = new Set(places.flatMap(({ provider, place, whyNot }) => (whyNot === null ? [] : [`${provider} ${place}`])));
  const parts = keys.flatMap((key) =>
    key.copies.filter(({ place }) => !silent.has(`${key.provider} ${place}`)).flatMap((copy) => reasons(copy).map((whyNot) => ({ key, place: copy.place, whyNot }))),
  );
  const grouped = Map.groupBy(parts, ({ key, place, whyNot }) => JSON.stringify([key.provider, place, whyNot.code, whyNot.remedy]));
  return [
    ...whole,
    ...[...grouped.values()].flatMap((same) => {
      const [first] = same;
      if (first === undefined) return [];
      const { key, place, whyNot } = first;
      const count = new Set(same.map((one) => one.key.id)).size;
      return [finding('warning', 'KEY_NOT_ASKED', { provider: key.provider, key: count === 1 ? key.id : null, places: [place] }, `In ${place}, not all of ${several(count, 'key')} could be learnt (${whyNot.code}): ${whyNot.message}`, whyNot.remedy)];
    }),
  ];
}

function reasons(copy: KeyFacts['copies'][number]): WhyNot[] {
  const facts: readonly Fact<unknown>[] = [copy.rotation, copy.aliases, copy.tags, copy.policy, copy.grants];
  return [copy.whyNot, ...facts.map((fact) => (fact.known ? null : fact.whyNot))].filter((whyNot) => whyNot !== null);
}

function regionUnknown({ node, provider, key }: Use): RegionFinding {
  return finding('warning', 'NODE_REGION_UNKNOWN', { provider, key, nodes: [node] }, `The config.ini of ${node} names a key of ${provider}, and no region: it depends on that machine's surroundings where it asks.`, 'Write the region into its config.ini (REGION).');
}

/** Nodes of one provider that wrap under different keys. */
function mixedKeys(uses: readonly Use[]): RegionFinding[] {
  return [...Map.groupBy(uses, ({ provider }) => provider)].flatMap(([provider, own]) => {
    const known = own.filter(({ keyId }) => keyId !== null);
    const groups = [...Map.groupBy(known, ({ keyId }) => keyId ?? '').entries()];
    if (groups.length < 2) return [];
    const words = groups.map(([keyId, same]) => `${listed(same.map(({ node }) => node))}: ${keyId}`);
    return [
      finding(
        'warning',
        'NODES_USE_DIFFERENT_KEYS',
        { provider, places: placesOf(known), nodes: known.map(({ node }) => node) },
        `The nodes name ${groups.length} different keys of ${provider}: ${words.join('; ')}. A new master key would be wrapped under another key, depending on the node that activates it.`,
        'Name the same key on every node (fkc config set), a multi-Region key where the regions differ.',
      ),
    ];
  });
}

/** One alias, and another key behind it in another region. */
function mixedAliases({ names }: RegionFacts, uses: readonly Use[]): RegionFinding[] {
  return [...Map.groupBy(names, ({ name }) => name)].flatMap(([name, meanings]) => {
    const groups = [...Map.groupBy(meanings.filter(({ keyId }) => keyId !== null), ({ keyId }) => keyId ?? '')];
    if (groups.length < 2) return [];
    const words = groups.map(([keyId, same]) => `${listed(same.map(({ place }) => place))}: ${keyId}`);
    const nodes = uses.filter(({ key }) => key === name).map(({ node }) => node);
    return [finding('critical', 'ALIAS_MEANS_ANOTHER_KEY', { provider: meanings[0]?.provider ?? null, key: name, places: groups.flatMap(([, same]) => same.map(({ place }) => place)), nodes }, `${name} is not the same key everywhere: ${words.join('; ')}.`, 'Let the alias name the same multi-Region key in each region, or name the key by its ID in every config.ini.')];
  });
}

function ownerFindings(use: Use, uses: readonly Use[]): RegionFinding[] {
  if (use.provider !== 'AWS_KMS') return [];
  const own = awsOwner(use.key);
  const account = accountOf(use.keyId ?? use.key);
  const usual = mostFrequent(uses.flatMap(({ provider, keyId, key }) => (provider === 'AWS_KMS' ? (accountOf(keyId ?? key) ?? []) : [])));
  const found: RegionFinding[] = [];
  if (account !== null && usual !== null && account !== usual) {
    found.push(finding('warning', 'KEY_OF_ANOTHER_ACCOUNT', { provider: use.provider, key: use.keyId ?? use.key, places: use.place === null ? [] : [use.place], nodes: [use.node] }, `${use.node} names a key of account ${account}, while most nodes name one of ${usual}.`, 'If it is meant, check that its key policy lets every node of the cluster use it; else correct CUSTOMER_KEY_ID.'));
  }
  const movable = identify(use.provider, use.key).multiRegion;
  if (own !== null && use.place !== null && own.place !== use.place && !movable) {
    found.push(finding('critical', 'KEY_OF_ANOTHER_REGION', { provider: use.provider, key: use.key, places: [own.place, use.place], nodes: [use.node] }, `${use.node} is in ${use.place} and names a key of ${own.place}, which does not exist in its region: it can not wrap a new master key.`, 'Name a key of its region, or a multi-Region key that has a replica there.'));
  }
  return found;
}

/** Names behind which no key was found. That a whole place is silent is told once, elsewhere. */
function noSuchKey({ node, provider, place, key, keyId, whyNot }: Use, { places }: RegionFacts): RegionFinding[] {
  if (keyId !== null || whyNot === null || places.some((one) => one.provider === provider && one.place === place && one.whyNot !== null)) return [];
  const where = { provider, key, places: place === null ? [] : [place], nodes: [node] };
  if (whyNot.code !== 'KMS_KEY_NOT_FOUND') return [finding('warning', 'KEY_NOT_ASKED', where, `What key ${node} names by "${key}" could not be learnt (${whyNot.code}): ${whyNot.message}`, whyNot.remedy)];
  return [finding('critical', 'KEY_MISSING_IN_REGION', where, `${node} names "${key}", which does not exist in ${place ?? 'its region'}: it can not wrap a new master key.`, 'Correct the key ID, or make the key (a replica, an alias) in that region.')];
}

/** Nodes that must ask another place than their own to go live. */
function reaching(facts: RegionFacts, uses: readonly Use[]): RegionFinding[] {
  const keys = new Map(facts.keys.map((key) => [`${key.provider} ${key.id}`, key]));
  return uses.flatMap((use) => {
    const { provider, place: home, node } = use;
    if (home === null || spansRegions(provider, home)) return [];
    const far = facts.generations.filter((generation) => {
      if (generation.provider !== provider || generation.place === home || spansRegions(provider, generation.place)) return false;
      const key = keys.get(`${provider} ${generation.key}`);
      return key !== undefined && !key.copies.some(({ place, exists }) => place === home && exists !== 'no');
    });
    return [...Map.groupBy(far, ({ place }) => place)].map(([place, generations]) => {
      const ms = facts.places.find((one) => one.provider === provider && one.place === place)?.medianMs ?? null;
      const latency = ms === null ? '' : ` An answer from there takes ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms, measured from this machine.`;
      return finding('warning', 'NODE_REACHES_ACROSS', { provider, places: [home, place], nodes: [node] }, `${node} is in ${home} and must ask ${place} for ${several(generations.length, 'generation')} each time that it goes live.${latency}`, 'Move what is under the far key to one that the region of the node holds too (an AWS multi-Region key, a GCP multi-region location), or weigh that it depends on both regions.');
    });
  });
}

/** Nodes that can not even ask the KMS that wrapped a generation. */
function lacking({ nodes, generations }: RegionFacts): RegionFinding[] {
  return nodes.flatMap(({ node, lacks }) =>
    lacks.flatMap((provider) => {
      const under = generations.filter((generation) => generation.provider === provider);
      if (under.length === 0) return [];
      const what = `The config.ini of ${node} says nothing of ${provider}, which wraps ${several(under.length, 'generation')} (${listed(under.map(({ description }) => description))}): it can not unwrap them when it goes live.`;
      return [finding('critical', 'NODE_LACKS_SETTINGS', { provider, places: [...new Set(under.map(({ place }) => place))], nodes: [node] }, what, `Give it the section of ${provider} that the other nodes have (fkc config diff).`)];
    }),
  );
}

function placesOf(uses: readonly Use[]): string[] {
  return [...new Set(uses.flatMap(({ place }) => (place === null ? [] : [place])))];
}

/** Also of a multi-Region key's ID, which has no Region. */
function accountOf(keyId: string): string | null {
  return /^arn:aws[a-z-]*:kms:[a-z0-9*-]+:([0-9]{12}):/.exec(keyId)?.[1] ?? null;
}

/** Null where there is none. */
function mostFrequent(words: readonly string[]): string | null {
  return [...Map.groupBy(words, (word) => word)].toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? null;
}
