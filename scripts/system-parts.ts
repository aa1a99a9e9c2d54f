import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findChromium } from '../app/chromium/find.ts';

/** A program of the system that the project needs and does not bring. */
export interface SystemPart {
  readonly title: string;
  /** Where it is; null where the machine does not have it, or not whole. */
  find(): string | null;
  /** The Debian packages that hold it. */
  readonly debian: readonly string[];
  /** What to type elsewhere. */
  readonly commands: Readonly<Record<'darwin' | 'win32' | 'linux', string>>;
}

/** What can be done to a machine that lacks a part. */
export interface Installer {
  readonly platform: NodeJS.Platform;
  /** The machine installs Debian packages. */
  readonly isDebian: boolean;
  readonly isRoot: boolean;
  say(line: string): void;
  /** Installs packages; false where that failed. */
  install(packages: readonly string[]): boolean;
}

/** A browser for the window: any Chromium or Chrome. Answers its executable. */
export function ensureChromium(): string {
  return ensure(CHROMIUM, THIS_MACHINE);
}

/** A JDK for the tests against Java's own KeyStores: `java` and `keytool`. Answers the folder of both. */
export function ensureJdk(): string {
  return ensure(JDK, THIS_MACHINE);
}

/** Java 17 for the Cassandra nodes of the tests, which run on no newer one. Answers the program `java`. */
export function ensureJava17(): string {
  return ensure(JAVA_17, THIS_MACHINE);
}

/** Maven, which fetches Cassandra. Answers the program. */
export function ensureMaven(): string {
  return ensure(MAVEN, THIS_MACHINE);
}

/** OpenSSL's command, which makes the certificates of the tests. Answers the program. */
export function ensureOpenssl(): string {
  return ensure(OPENSSL, THIS_MACHINE);
}

/** Python with `cryptography`, for the second implementation of our formats, and `venv`, for servers of the tests. Answers the interpreter. */
export function ensurePython(): string {
  return ensure(PYTHON, THIS_MACHINE);
}

/** PyKMIP, a KMIP server for the tests. Answers the Python that has it. */
export function ensurePyKmip(): string {
  return ensure(PYKMIP, THIS_MACHINE);
}

/** Go, which builds the other KMIP server of the tests. Answers the program. */
export function ensureGo(): string {
  return ensure(GO, THIS_MACHINE);
}

/**
 * Finds `part`; where it is missing and the machine allows it (Debian, as root) says so and installs it.
 * Throws an Error that names the exact command to type where it can not.
 */
export function ensure(part: SystemPart, machine: Installer): string {
  const found = part.find();
  if (found !== null) return found;
  if (machine.isDebian && machine.isRoot) {
    machine.say(`${part.title} is missing: installing the Debian package ${part.debian.join(' ')}.`);
    const installed = machine.install(part.debian) ? part.find() : null;
    if (installed !== null) return installed;
    throw new Error(`${part.title} is missing and could not be installed. Try it yourself:\n  ${commandFor(part, machine)}`);
  }
  throw new Error(`${part.title} is missing. Install it with:\n  ${commandFor(part, machine)}`);
}

function commandFor(part: SystemPart, { platform, isDebian, isRoot }: Installer): string {
  if (isDebian) {
    const sudo = isRoot ? '' : 'sudo ';
    return `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${part.debian.join(' ')}`;
  }
  return platform === 'darwin' || platform === 'win32' ? part.commands[platform] : part.commands.linux;
}

const CHROMIUM: SystemPart = {
  title: 'Chromium',
  find: () => findChromium(),
  debian: ['chromium'],
  commands: {
    darwin: 'brew install --cask google-chrome',
    win32: 'winget install --id Google.Chrome',
    linux: 'sudo dnf install chromium',
  },
};

const JDK: SystemPart = {
  title: 'A JDK (java and keytool)',
  find: () => [...homeFolder('JAVA_HOME'), ...pathFolders()].find((folder) => hasPrograms(folder, ['java', 'keytool'])) ?? null,
  debian: ['default-jdk-headless'],
  commands: {
    darwin: 'brew install --cask temurin',
    win32: 'winget install --id EclipseAdoptium.Temurin.21.JDK',
    linux: 'sudo dnf install java-latest-openjdk-headless',
  },
};

const JAVA_17: SystemPart = {
  title: 'Java 17',
  find: () => [...homeFolder('JAVA_17_HOME'), ...homeFolder('JAVA_HOME'), ...pathFolders(), ...debianJava17()].map((folder) => program(folder, 'java')).find(isJava17) ?? null,
  debian: ['openjdk-17-jre-headless'],
  commands: {
    darwin: 'brew install --cask temurin@17',
    win32: 'winget install --id EclipseAdoptium.Temurin.17.JRE',
    linux: 'sudo dnf install java-17-openjdk-headless',
  },
};

const MAVEN: SystemPart = {
  title: 'Maven (mvn)',
  find: () => onPath('mvn'),
  debian: ['maven'],
  commands: {
    darwin: 'brew install maven',
    win32: 'winget install --id Apache.Maven',
    linux: 'sudo dnf install maven',
  },
};

const OPENSSL: SystemPart = {
  title: 'OpenSSL (openssl)',
  find: () => onPath('openssl'),
  debian: ['openssl'],
  commands: {
    darwin: 'brew install openssl',
    win32: 'winget install --id ShiningLight.OpenSSL.Light',
    linux: 'sudo dnf install openssl',
  },
};

const PYTHON: SystemPart = {
  title: "Python 3 with 'cryptography', 'venv' and 'ensurepip'",
  find: () => withModules(['python3'], ['cryptography', 'venv', 'ensurepip']),
  debian: ['python3', 'python3-cryptography', 'python3-venv'],
  commands: {
    darwin: 'brew install python && python3 -m pip install --user cryptography',
    win32: 'winget install --id Python.Python.3.13 && python3 -m pip install cryptography',
    linux: 'sudo dnf install python3 python3-cryptography',
  },
};

const PYKMIP: SystemPart = {
  title: 'PyKMIP (for Python 3)',
  // Debian's packages belong to Debian's own Python, which need not be the first on the PATH.
  find: () => withModules(['python3', '/usr/bin/python3'], ['kmip.services.server']),
  debian: ['python3-pykmip'],
  commands: {
    darwin: 'brew install python@3.11 && python3.11 -m pip install PyKMIP==0.10.0',
    win32: 'winget install --id Python.Python.3.11 && python3 -m pip install PyKMIP==0.10.0',
    linux: 'sudo dnf install python3.11 && python3.11 -m pip install --user PyKMIP==0.10.0',
  },
};

/** Go 1.21 was the first to fetch by itself the newer Go that a go.mod asks for. */
const GO: SystemPart = {
  title: 'Go 1.21 or newer (the golang of Debian 12 is older: take it from bookworm-backports or https://go.dev/dl/)',
  find: () => [...pathFolders(), '/usr/local/go/bin'].map((folder) => program(folder, 'go')).find(isGo121) ?? null,
  debian: ['golang'],
  commands: {
    darwin: 'brew install go',
    win32: 'winget install --id GoLang.Go',
    linux: 'sudo dnf install golang',
  },
};

function homeFolder(variable: string): string[] {
  const home = process.env[variable];
  return home === undefined || home === '' ? [] : [join(home, 'bin')];
}

function pathFolders(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}

function hasPrograms(folder: string, names: readonly string[]): boolean {
  return names.every((name) => {
    try {
      accessSync(program(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function program(folder: string, name: string): string {
  return join(folder, process.platform === 'win32' ? `${name}.exe` : name);
}

function onPath(name: string): string | null {
  const folder = pathFolders().find((each) => hasPrograms(each, [name]));
  return folder === undefined ? null : program(folder, name);
}

/** Where Debian keeps a Java that is not the default one. */
function debianJava17(): string[] {
  return ['amd64', 'arm64'].map((machine) => `/usr/lib/jvm/java-17-openjdk-${machine}/bin`);
}

/** By its own word: a folder's name tells nothing. */
function isJava17(java: string): boolean {
  return /version "17[."]/.test(spawnSync(java, ['-version'], { encoding: 'utf8' }).stderr ?? '');
}

/** The first of these interpreters that has all of the modules. */
function withModules(interpreters: readonly string[], modules: readonly string[]): string | null {
  return interpreters.find((python) => spawnSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0) ?? null;
}

/** As `go version` tells it. */
function isGo121(go: string): boolean {
  const [, major = '0', minor = '0'] = /go(\d+)\.(\d+)/.exec(spawnSync(go, ['version'], { encoding: 'utf8' }).stdout ?? '') ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 21);
}

const THIS_MACHINE: Installer = {
  platform: process.platform,
  isDebian: isDebian(),
  isRoot: process.getuid?.() === 0,
  say: (line) => console.error(line),
  install: installDebianPackages,
};

/** Debian and what descends from it. */
function isDebian(): boolean {
  try {
    return /^ID(_LIKE)?=.*\bdebian\b/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

let listsAreFresh = false;

function installDebianPackages(packages: readonly string[]): boolean {
  listsAreFresh ||= runApt(['update', '-qq']);
  return runApt(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** Its output goes to stderr: our stdout may be read by a program. */
function runApt(args: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', args, { stdio: ['ignore', process.stderr, process.stderr], env }).status === 0;
}
