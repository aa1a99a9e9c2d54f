import { describe, expect, it } from 'vitest';
import { ensure, type Installer, type SystemPart } from '../../scripts/system-parts.ts';

const COMMANDS = { darwin: 'brew install tool', win32: 'winget install tool', linux: 'sudo dnf install tool' };

/** A machine without the part; `comes` says whether installing brings it. */
function without(machine: Partial<Installer>, comes = true) {
  const acts: string[] = [];
  let isThere = false;
  const part: SystemPart = { title: 'The tool', find: () => (isThere ? '/usr/bin/tool' : null), debian: ['tool', 'tool-data'], commands: COMMANDS };
  const installer: Installer = {
    platform: 'linux',
    isDebian: true,
    isRoot: true,
    say: (line) => acts.push(line),
    install: (packages) => {
      acts.push(`install ${packages.join(' ')}`);
      isThere = comes;
      return comes;
    },
    ...machine,
  };
  return { acts, run: () => ensure(part, installer) };
}

describe('a part of the system', () => {
  it('that is there is used, and nothing is installed', () => {
    const part: SystemPart = { title: 'Node', find: () => process.execPath, debian: [], commands: COMMANDS };
    expect(ensure(part, { platform: 'linux', isDebian: true, isRoot: true, say: () => expect.fail(), install: () => expect.fail() })).toBe(process.execPath);
  });

  it('that is missing is announced, then installed, on Debian as root', () => {
    const { acts, run } = without({});
    expect(run()).toBe('/usr/bin/tool');
    expect(acts).toEqual(['The tool is missing: installing the Debian package tool tool-data.', 'install tool tool-data']);
  });

  it.each([
    ['Debian, not root', { isRoot: false }, 'sudo apt-get update && sudo apt-get install -y --no-install-recommends tool tool-data'],
    ['another Linux', { isDebian: false }, COMMANDS.linux],
    ['macOS', { isDebian: false, platform: 'darwin' as const }, COMMANDS.darwin],
    ['Windows', { isDebian: false, platform: 'win32' as const }, COMMANDS.win32],
  ])('that is missing stops with the command to type: %s', (_, machine, command) => {
    const { acts, run } = without(machine);
    expect(run).toThrow(`The tool is missing. Install it with:\n  ${command}`);
    expect(acts).toEqual([]);
  });

  it('that can not be installed stops with the command to type', () => {
    const { run } = without({}, false);
    expect(run).toThrow('could not be installed. Try it yourself:\n  apt-get update && apt-get install -y --no-install-recommends tool tool-data');
  });
});
