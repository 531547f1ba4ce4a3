// What `steno up` shows: one screen when it starts, then a line where something happened.

import { type HostRecord } from '@stenofleet/shared/ledger';
import { type FinishedJob, type JobNews } from '../up/follow-jobs.js';
import { type StartedFleet } from '../up/run-fleet.js';
import {
  formatClock,
  formatCount,
  formatSpeed,
  shorten,
  toPrintable,
} from './format-quantities.js';
import { type Style } from './style.js';
import { formatTable } from './table.js';

const NAME_WIDTH = 36;

export function formatFleetStart(fleet: StartedFleet, style: Style): string[] {
  const { apiUrl, hosts, redisFolder, redisUrl, sourceRoots, keysRequired } = fleet;
  const lanes = hosts.reduce((sum, host) => sum + host.lanes, 0);
  const keys = keysRequired
    ? `a key is needed: the first one is in ${fleet.adminKeyFile}; steno keys create makes others`
    : 'no key is needed, for only this machine can reach it';
  const rows = [
    ['API', style.strong(apiUrl), keys],
    ['Documents', `${apiUrl}/docs`, ''],
    ['Queues', `${apiUrl}/queues`, ''],
    [
      'Redis',
      hidePassword(redisUrl),
      redisFolder === undefined ? 'yours; it is left running' : `its data is in ${redisFolder}`,
    ],
  ];
  const facts = [
    ['Results', fleet.storageUrl],
    ['Recordings', `read where they lie below ${sourceRoots.join(', ')}; others are uploaded`],
    ['Models', formatServed(hosts)],
    ['Workers', `${hosts.length}, ${formatCount(lanes, 'lane')}`],
    ['Logs', fleet.logFolder],
  ];
  const table = formatTable(
    rows.map(([name = '', value = '', note = '']) => [
      `  ${style.quiet(name.padEnd(10))}`,
      value,
      style.quiet(note),
    ]),
  );
  return [
    '',
    ...table,
    ...facts.map(([name = '', value = '']) => `  ${style.quiet(name.padEnd(10))}  ${value}`),
    '',
    `${style.good('Ready.')} From another terminal: ${style.strong('steno submit <recordings> --wait')}`,
    'Ctrl-C ends it all; what waits is kept and goes on with the next "steno up".',
    '',
  ];
}

/** `demo-en int8, parakeet-tdt-0.6b-v3 int8` */
export function formatServed(hosts: readonly Pick<HostRecord, 'models'>[]): string {
  const served = hosts.flatMap(({ models }) =>
    models.map(({ model, tier, demo }) => `${model} ${tier}${demo ? ' (for trying only)' : ''}`),
  );
  return [...new Set(served)].sort().join(', ') || 'none';
}

export function formatJobNews(
  news: JobNews,
  { time, style }: { time: Date; style: Style },
): string[] {
  const clock = style.quiet(time.toTimeString().slice(0, 8));
  const counted = Object.entries(news.counts);
  const total = counted.reduce((sum, [, count]) => sum + count, 0);
  const lines: string[] = [];
  if (news.queued > 0)
    lines.push(`${clock} ${style.quiet(`+ ${formatCount(news.queued, 'job')} queued`)}`);
  if (news.listed.length > 0) {
    return [...lines, ...news.listed.map((job) => `${clock} ${formatFinished(job, style)}`)];
  }
  if (total === 0) return lines;
  const failed = news.counts.failed ?? 0;
  const mark = failed > 0 ? style.bad('✗') : style.good('✓');
  const parts = counted.map(([status, count]) => `${count} ${status}`).join(', ');
  return [
    ...lines,
    `${clock} ${mark} ${formatCount(total, 'job')}: ${parts}, ${formatClock(news.audioSeconds)} of audio`,
  ];
}

function formatFinished(job: FinishedJob, style: Style): string {
  const name = shorten(toPrintable(job.name || job.id), NAME_WIDTH).padEnd(NAME_WIDTH);
  const id = style.quiet(job.id);
  switch (job.status) {
    case 'done':
    case 'partial': {
      const { audioSeconds = 0, elapsedSeconds } = job;
      const speed = elapsedSeconds === undefined ? '' : formatSpeed(audioSeconds, elapsedSeconds);
      const mark = job.status === 'done' ? style.good('✓') : style.warning('!');
      const gaps = job.status === 'partial' ? '  with gaps' : '';
      return `${mark} ${name} ${formatClock(audioSeconds).padStart(7)}  ${speed.padStart(5)}  ${id}${gaps}`;
    }
    case 'failed':
      return `${style.bad('✗')} ${name} ${style.bad(job.code ?? 'failed')}  ${id}`;
    case 'cancelled':
      return `${style.quiet('–')} ${name} cancelled  ${id}`;
  }
}

export function hidePassword(address: string): string {
  const url = new URL(address);
  if (url.password !== '') url.password = '…';
  return url.href.replace(/%E2%80%A6/g, '…');
}
