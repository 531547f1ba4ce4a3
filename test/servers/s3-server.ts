// A real S3 server for one suite: Ceph's radosgw over one monitor and one in-memory object daemon, all on loopback.
// Objects live as long as the object daemon, so the gateway can be killed and started again without losing any.

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  freePorts,
  haveCommands,
  type ServerProcess,
  startProcess,
  waitForServer,
} from './child-process.js';

const run = promisify(execFile);

const COMMANDS = [
  'ceph',
  'ceph-authtool',
  'ceph-mon',
  'ceph-osd',
  'monmaptool',
  'radosgw',
  'radosgw-admin',
];
const ACCESS_KEY_ID = 'stenofleet';
const SECRET_ACCESS_KEY = 'only-for-tests-on-loopback';
const REGION = 'us-east-1';
const DEADLINE_MS = 60_000;

export type S3Server = {
  endpoint: string;
  port: number;
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
  /** Of the gateway that runs now. */
  readonly pid: number;
  createBucket: (name: string) => Promise<void>;
  /** Holds the gateway still (SIGSTOP): connections stay open and nothing answers. */
  suspend: () => void;
  resume: () => void;
  /** Ends the gateway (SIGKILL): connections are refused. Objects stay. */
  kill: () => Promise<void>;
  /** Starts the gateway again on the same port and objects. */
  restart: () => Promise<void>;
  /** Ends all three processes and removes their folder. Idempotent. */
  stop: () => Promise<void>;
};

/** Whether Ceph's programs are installed (Debian: radosgw ceph-mon ceph-osd ceph-common). */
export function isS3ServerAvailable(): boolean {
  return haveCommands(COMMANDS);
}

/** Starts the three processes, which takes a few seconds: one server a suite. */
export async function startS3Server(): Promise<S3Server> {
  if (!isS3ServerAvailable()) {
    const missing = COMMANDS.filter((name) => !haveCommands([name]));
    throw new Error(
      `Not installed: ${missing.join(', ')} (apt install radosgw ceph-mon ceph-osd ceph-common).`,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'stenofleet-s3-'));
  const started: ServerProcess[] = [];
  try {
    return await startCeph(folder, started);
  } catch (error) {
    await Promise.all(started.map((server) => server.end('SIGKILL')));
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function startCeph(folder: string, started: ServerProcess[]): Promise<S3Server> {
  const [monitorPort = 0, oldMonitorPort = 0, port = 0] = await freePorts(3);
  const monitors = `[v2:127.0.0.1:${monitorPort}/0,v1:127.0.0.1:${oldMonitorPort}/0]`;
  const fsid = randomUUID();
  const ceph = cephIn(folder, started);
  await writeFile(join(folder, 'ceph.conf'), configuration({ folder, fsid, monitors, port }));
  for (const name of ['mon/a', 'osd/0', 'run', 'log']) {
    await mkdir(join(folder, name), { recursive: true });
  }

  await ceph.createKeys();
  // prettier-ignore
  await ceph.run('monmaptool', '--create', '--clobber', '--fsid', fsid, '--addv', 'a', monitors, 'run/monmap');
  // prettier-ignore
  await ceph.run('ceph-mon', '-c', 'ceph.conf', '--mkfs', '-i', 'a', '--monmap', 'run/monmap', '--keyring', 'keyring');
  await ceph.start('ceph-mon', ['-i', 'a'], () => ceph.answers(['osd', 'stat'], 'osds'));

  const osdId = randomUUID();
  const { stdout: osdKey } = await ceph.run('ceph-authtool', 'keyring', '-n', 'osd.0', '-p');
  const secrets = join(folder, 'osd-secrets.json');
  await writeFile(secrets, JSON.stringify({ cephx_secret: osdKey.trim() }));
  await ceph.run('ceph', '-c', 'ceph.conf', 'osd', 'new', osdId, '0', '-i', secrets);
  await ceph.run('ceph-osd', '-c', 'ceph.conf', '-i', '0', '--mkfs', '--osd-uuid', osdId);
  await ceph.start('ceph-osd', ['-i', '0'], () => ceph.answers(['osd', 'stat'], ' 1 up'));

  // prettier-ignore
  await ceph.run('radosgw-admin', '-c', 'ceph.conf', '-n', 'client.rgw', 'user', 'create', '--uid=t',
    '--display-name=t', `--access-key=${ACCESS_KEY_ID}`, `--secret=${SECRET_ACCESS_KEY}`, '--max-buckets=0');
  const startGateway = () => ceph.start('radosgw', ['-n', 'client.rgw'], () => answersHttp(port));
  let gateway = await startGateway();

  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    port,
    accessKeyId: ACCESS_KEY_ID,
    secretAccessKey: SECRET_ACCESS_KEY,
    region: REGION,
    get pid() {
      return gateway.pid;
    },
    createBucket: (name) => createBucket(endpoint, name),
    suspend: () => gateway.signal('SIGSTOP'),
    resume: () => gateway.signal('SIGCONT'),
    kill: () => gateway.end('SIGKILL'),
    restart: async () => {
      await gateway.end('SIGKILL');
      gateway = await startGateway();
    },
    stop: async () => {
      // Nothing here outlives the suite, and an orderly end of Ceph takes seconds.
      await Promise.all(started.map((server) => server.end('SIGKILL')));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Ceph's programs in one folder. What runs on is added to `started`. */
function cephIn(folder: string, started: ServerProcess[]) {
  const runHere = (name: string, ...args: string[]) =>
    run(name, args, { cwd: folder, timeout: DEADLINE_MS });
  return {
    run: runHere,
    start: async (name: string, args: string[], ready: () => Promise<boolean>) => {
      const logPath = join(folder, 'log', `${name}.out`);
      const server = startProcess([name, '-c', 'ceph.conf', ...args, '-f'], {
        logPath,
        cwd: folder,
      });
      started.push(server);
      await waitForServer(name, ready, { server, logPath, deadlineMs: DEADLINE_MS });
      return server;
    },
    answers: async (question: string[], expected: string) => {
      try {
        const { stdout } = await run(
          'ceph',
          ['-c', 'ceph.conf', '--connect-timeout', '5', ...question],
          { cwd: folder, timeout: 10_000 },
        );
        return stdout.includes(expected);
      } catch {
        return false;
      }
    },
    createKeys: async () => {
      const keys: [string, ...string[]][] = [
        ['mon.', 'mon', 'allow *'],
        ['client.admin', 'mon', 'allow *', 'osd', 'allow *', 'mgr', 'allow *'],
        ['client.rgw', 'mon', 'allow rw', 'osd', 'allow rwx', 'mgr', 'allow rw'],
        // prettier-ignore
        ['osd.0', 'mon', 'allow profile osd', 'osd', 'allow *', 'mgr', 'allow profile osd'],
      ];
      for (const [index, [name, ...grants]] of keys.entries()) {
        const caps = grants.flatMap((word, at) => (at % 2 === 0 ? ['--cap', word] : [word]));
        const create = index === 0 ? ['--create-keyring'] : [];
        await runHere('ceph-authtool', ...create, 'keyring', '--gen-key', '-n', name, ...caps);
      }
    },
  };
}

type CephOptions = { folder: string; fsid: string; monitors: string; port: number };

// `$name` and `$id` are Ceph's own.
function configuration({ folder, fsid, monitors, port }: CephOptions): string {
  return `[global]
fsid = ${fsid}
mon host = ${monitors}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
# "none" makes radosgw hang in AUTH_CONNECTING.
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${folder}/keyring
run dir = ${folder}/run
admin socket = ${folder}/run/$name.asok
log file = ${folder}/log/$name.log
pid file = ${folder}/run/$name.pid
mon data = ${folder}/mon/$id
osd data = ${folder}/osd/$id
osd objectstore = memstore
memstore device bytes = 4294967296
osd memory target = 939524096
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 2
osd pool default pgp num = 2
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon initial members = a
mon data avail crit = 1
mon data avail warn = 2
# Each new pool takes 2 s without this.
paxos propose interval = 0.05
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw thread pool size = 16
# Multipart uploads that were aborted are gone at once.
rgw gc obj min wait = 0
`;
}

function answersHttp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, agent: false, timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('error', () => resolve(false));
    request.once('timeout', () => request.destroy());
  });
}

async function createBucket(endpoint: string, name: string): Promise<void> {
  const client = new S3Client({
    endpoint,
    region: REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  try {
    await client.send(new CreateBucketCommand({ Bucket: name }));
  } finally {
    client.destroy();
  }
}
