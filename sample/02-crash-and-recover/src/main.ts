import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { playStory, type Story } from './story.js';
import { printStory } from './timeline.js';

const stories: readonly Story[] = [
  {
    title: 'Killed while going forward',
    order: { orderId: 'order-1', amount: 42, address: '1 Nest Lane' },
    killedIn: 'order-1:charge-payment:act',
  },
  {
    title: 'Killed while going back',
    order: { orderId: 'order-2', amount: 42, address: 'nowhere' },
    killedIn: 'order-2:charge-payment:compensate',
  },
];

const directory = await mkdtemp(path.join(tmpdir(), 'nest-saga-crash-'));
try {
  for (const story of stories) printStory(story, await playStory(story, directory));
} finally {
  await rm(directory, { recursive: true });
}
