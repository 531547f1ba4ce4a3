import { describe, expect, it } from 'vitest';
import { createFolderSync } from './sync-folder.js';

function setUp() {
  const begun: { folder: string; end: (error?: Error) => void }[] = [];
  const syncFolder = createFolderSync(
    (folder) =>
      new Promise((resolve, reject) => {
        begun.push({ folder, end: (error) => (error ? reject(error) : resolve()) });
      }),
  );
  const list = async () => {
    await Promise.resolve();
    return begun.map(({ folder }) => folder);
  };
  return { begun, syncFolder, list };
}

describe('names in a folder', () => {
  it('are made durable by one sync for all who ask before it begins', async () => {
    const { begun, syncFolder, list } = setUp();
    const asked = [syncFolder('a'), syncFolder('a'), syncFolder('b')];
    expect(await list()).toEqual(['a', 'b']);
    begun.forEach(({ end }) => end());
    await Promise.all(asked);
    expect(await list()).toEqual(['a', 'b']);
  });

  it('that are new while a sync runs wait for another one, which follows also where that fails', async () => {
    const { begun, syncFolder, list } = setUp();
    const first = syncFolder('a');
    expect(await list()).toEqual(['a']);
    const late = [syncFolder('a'), syncFolder('a')];
    expect(await list()).toEqual(['a']);
    begun[0]?.end(new Error('The disk is tired.'));
    await expect(first).rejects.toThrow('tired');
    await expect.poll(list).toEqual(['a', 'a']);
    begun[1]?.end();
    await Promise.all(late);
  });

  it('are synced anew when nothing runs', async () => {
    const { begun, syncFolder, list } = setUp();
    for (const count of [1, 2]) {
      const asked = syncFolder('a');
      expect(await list()).toHaveLength(count);
      begun.at(-1)?.end();
      await asked;
    }
  });
});
