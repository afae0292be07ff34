import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = resolve(import.meta.dirname, '../src');

/** The floors of the house, lowest first. A room may use what is on its own floor or below. */
const floors: readonly (readonly string[])[] = [
  ['check', 'errors', 'load', 'socks', 'text', 'time', 'windows'],
  ['files', 'observe', 'options'],
  ['host-key'],
  ['ssh2'],
  ['route', 'exec', 'sftp', 'forward'],
  ['tunnel', 'job'],
  ['arrival.ts', 'connection.ts'],
  ['open-route.ts'],
  ['log-in.ts'],
  ['attempt.ts'],
  ['connect-via-gateway.ts'],
  ['customers'],
  ['connect-to-customer.ts', 'reverse-tunnel.ts', 'run-job.ts', 'job-status.ts', 'interop'],
  ['index.ts'],
  ['setup'],
  ['cli'],
];

/** The floors within a room or a folder of one, lowest first: folders and files. A folder may use what stands before it. */
const subFloors: Readonly<Record<string, readonly string[]>> = {
  'host-key': ['wildcard.ts', 'keys', 'certificates', 'known-hosts', 'policy'],
  ssh2: ['insides', 'order', 'transport', 'bounds', 'login', 'handshake', 'slots', 'channels', 'sftp'],
  'ssh2/insides': [
    'registry',
    'client-parts.ts',
    'load.ts',
    'tame.ts',
    'wrapper.ts',
    'in-common.ts',
    'until-login.ts',
    'internals.ts',
    'identification.ts',
    'padding.ts',
    'at-rest.ts',
    'session-shape.ts',
    'messages',
    'key-exchange',
    'ahead',
    'whole-signatures.ts',
  ],
  'mock-server/sftp': [
    'files',
    'wire.ts',
    'long-name.ts',
    'lies.ts',
    'handles.ts',
    'session.ts',
    'extensions.ts',
    'requests.ts',
    'serve.ts',
  ],
  tunnel: ['types.ts', 'banner-probe.ts', 'script', 'holder', 'reclaim', 'keep', 'list'],
  exec: [
    'types.ts',
    'caller.ts',
    'quote',
    'command-line',
    'input',
    'output',
    'stop',
    'exit-codes.ts',
    'failure.ts',
    'shell',
    'checks.ts',
    'options.ts',
    'execution.ts',
    'command.ts',
    'exec.ts',
    'powershell.ts',
  ],
  sftp: ['names', 'transfer', 'flow', 'folders', 'target', 'verify', 'up', 'down', 'client', 'files.ts'],
  job: [
    'types.ts',
    'job-id.ts',
    'make-job-id.ts',
    'host',
    'posix',
    'windows',
    'output',
    'checks.ts',
    'options.ts',
    'remote-job.ts',
    'list-jobs.ts',
    'start-job.ts',
    'attach-job.ts',
    'run',
  ],
};

/** Rooms of one floor that know each other. */
const neighbours = [
  'errors text',
  'errors check',
  'check text',
  'connection.ts arrival.ts',
  'options observe',
];

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

interface Import {
  from: string;
  to: string;
}

/** Imports of values: types leave no trace at run time. */
function valueImports(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(?!type\b)([^;]*?)\s*from\s+'(\.[^']+)'/gms);
  const eager = [...statements].filter(([, names = '']) => !onlyTypes(names)).map(([, , path = '']) => path);
  const onDemand = [...text.matchAll(/\bimport\('(\.[^']+)'\)/g)].map(([, path = '']) => path);
  return [...eager, ...onDemand].map((path) => ({
    from: file,
    to: relative(src, resolve(src, dirname(file), path)),
  }));
}

function onlyTypes(names: string): boolean {
  const inBraces = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
  if (inBraces === undefined) return false;
  const each = inBraces.split(',').map((name) => name.trim());
  return each.filter(Boolean).every((name) => name.startsWith('type '));
}

/** Imports of values and of types. */
function allImports(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s[^;]*?\sfrom\s+'(\.[^']+)'/gms);
  return [...statements].map(([, path = '']) => ({
    from: file,
    to: relative(src, resolve(src, dirname(file), path)),
  }));
}

function circlesOf(edges: readonly Import[]): string[] {
  const targets = new Map<string, Import[]>();
  for (const edge of edges) targets.set(edge.from, [...(targets.get(edge.from) ?? []), edge]);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) return void circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file)) return;
    for (const { to } of targets.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return circles;
}

const imports = files.flatMap(valueImports);
const roomOf = (file: string) => file.split(sep)[0] ?? file;
const isIn = (folder: string) => (file: string) => file.startsWith(join(folder, sep));
/** The file or folder, directly in this folder, that `file` is or is in. */
const partOf = (folder: string, file: string) => relative(folder, file).split(sep)[0] ?? file;
/** The keeper of jobs loads the shell or the PowerShell part when it knows which one the PC has. */
const onDemand = (from: string, to: string) => from === 'job/host/keeper.ts' && to.endsWith('/index.ts');
const page = 'docs/internals/architecture.md says what is where';
const floorOf = (room: string) => floors.findIndex((rooms) => rooms.includes(room));

describe('The architecture', () => {
  it('has a floor for every folder', () => {
    const rooms = new Set(files.map(roomOf));
    rooms.delete('mock-server');
    const homeless = [...rooms].filter((room) => floorOf(room) === -1);
    expect(homeless, 'a new room of src: put it into `floors` at the top of this test').toEqual([]);
    expect(files.length).toBeGreaterThan(100);
  });

  it('allows only downward imports', () => {
    const upwards = imports.filter(({ from, to }) => {
      const [room, other] = [roomOf(from), roomOf(to)];
      if (room === other || room === 'mock-server' || other === 'mock-server') return false;
      if (floorOf(room) !== floorOf(other)) return floorOf(room) < floorOf(other);
      return !neighbours.includes(`${room} ${other}`);
    });
    expect(upwards, `what \`from\` needs of \`to\` belongs on a lower floor: ${page}`).toEqual([]);
  });

  it('has a floor for every folder and file of the folders that have floors of their own', () => {
    const partsOf = (folder: string) =>
      new Set(files.filter(isIn(folder)).map((file) => partOf(folder, file)));
    for (const [folder, parts] of Object.entries(subFloors)) {
      const todo = `src/${folder} has not the files of \`subFloors\` at the top of this test: put a new one on its floor`;
      expect([...partsOf(folder)].sort(), todo).toEqual([...parts].sort());
    }
  });

  it.each(Object.entries(subFloors))('allows only downward imports within %s', (folder, parts) => {
    const within = imports.filter(({ from, to }) => [from, to].every(isIn(folder)));
    const floor = (file: string) => parts.indexOf(partOf(folder, file));
    const upwards = within.filter(({ from, to }) => floor(from) < floor(to) && !onDemand(from, to));
    expect(upwards, `what \`from\` needs of \`to\` belongs on a lower floor: ${page}`).toEqual([]);
    expect(within.some(({ from, to }) => floor(from) > floor(to))).toBe(true);
  });

  it('keeps the mock server out of the library, and the library out of the mock server', () => {
    const crossing = imports.filter(({ from, to }) => {
      if (roomOf(from) === roomOf(to)) return false;
      const intoMock = roomOf(to) === 'mock-server' && roomOf(from) !== 'cli';
      const outOfMock = roomOf(from) === 'mock-server' && floorOf(roomOf(to)) > 0;
      return intoMock || outOfMock;
    });
    const todo =
      'the mock server imports the lowest floor only, and only the command line imports the mock server';
    expect(crossing, todo).toEqual([]);
  });

  it('has no folder of more than 20 files without subfolders', () => {
    const counts = new Map<string, number>();
    for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    const crowded = [...counts].filter(([, count]) => count > 20);
    expect(crowded, 'give it folders by subject, and `subFloors` their floors').toEqual([]);
  });

  it('imports ssh2 only in src/ssh2 and in the mock server', () => {
    const users = files.filter((file) => /from 'ssh2'/.test(readFileSync(join(src, file), 'utf8')));
    expect(users.filter((file) => !['ssh2', 'mock-server'].includes(roomOf(file)))).toEqual([]);
    expect(users.length).toBeGreaterThan(3);
  });

  it('has no import cycles', () => {
    expect(circlesOf(imports)).toEqual([]);
  });

  it('has no type cycles but one', () => {
    // The options of a connection name a route, and a route through a jump host connects with such options.
    const recursive = (from: string, to: string) => from === 'options/types.ts' && to === 'route/route.ts';
    const all = files.flatMap(allImports);
    expect(all.length).toBeGreaterThan(imports.length);
    expect(all.filter(({ from, to }) => recursive(from, to))).toHaveLength(1);
    expect(circlesOf(all.filter(({ from, to }) => !recursive(from, to)))).toEqual([]);
  });

  it('exports nothing that is not imported', () => {
    const root = dirname(src);
    const readers = ['src', 'test', 'bench', 'scripts'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.m?[jt]s$/.test(file))
        .map((file) => join(root, folder, file)),
    );
    const wanted = new Set<string>();
    const imported = /^(?:import|export)\s([^;']*?)\sfrom\s+'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'/gm;
    for (const reader of readers) {
      for (const [, names = '*', path, whole] of readFileSync(reader, 'utf8').matchAll(imported)) {
        const file = resolve(dirname(reader), path ?? whole ?? '');
        for (const name of names.match(/\w+|\*/g) ?? []) wanted.add(`${file} ${name}`);
      }
    }
    const exported = files
      .filter((file) => !/(?:^|[\\/])index\.ts$|\.generated\.ts$/.test(file))
      .flatMap((file) => {
        const declared = readFileSync(join(src, file), 'utf8').matchAll(
          /^export (?:abstract )?(?:async )?(?:class|interface|type|const|enum|function\*?) (\w+)/gm,
        );
        return [...declared].map(([, name = '']) => ({ file, name }));
      });
    const dead = exported.filter(
      ({ file, name }) => ![name, '*'].some((one) => wanted.has(`${join(src, file)} ${one}`)),
    );
    expect(dead, 'take `export` away, or the whole thing').toEqual([]);
    expect(exported.length).toBeGreaterThan(1_000);
  });

  it('has no two types with the same name, exported or not', () => {
    const places = new Map<string, string[]>();
    for (const file of files) {
      const declared = readFileSync(join(src, file), 'utf8').matchAll(
        /^\s*(?:export )?(?:abstract )?(?:class (\w+)|interface (\w+)|type (\w+)[^\n;,]* =)/gm,
      );
      for (const [, ...names] of declared) {
        const name = names.find(Boolean) ?? '';
        places.set(name, [...(places.get(name) ?? []), file]);
      }
    }
    const twice = [...places].filter(([, where]) => where.length > 1);
    expect(twice, 'each of these types has two files: rename one, or export it from one').toEqual([]);
    expect(places.size).toBeGreaterThan(800);
  });

  it('has no file of more than 300 lines', () => {
    const lengths = files
      .filter((file) => !file.endsWith('.generated.ts'))
      .map((file) => [file, readFileSync(join(src, file), 'utf8').split('\n').length - 1] as const);
    const long = lengths.filter(([, lines]) => lines > 300).map(([file, lines]) => `${file}: ${lines} lines`);
    const todo =
      'move a subject of it into a file of its own, and if it is new there, name it in `subFloors`';
    expect(long, todo).toEqual([]);
  });
});
