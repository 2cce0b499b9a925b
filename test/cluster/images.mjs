// Images as archives that containerd imports: no registry is asked. The names are those under which kubelet looks for them.

import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outcome, run } from './command.mjs';

export const PAUSE_IMAGE = 'docker.io/library/cluster-pause:1';
const SAVE_MILLISECONDS = 600_000;

/** An image that holds the namespaces of pods. @returns its archive */
export async function pauseArchive(bin, cache, state) {
  const file = join(cache, 'pause.tar');
  if (existsSync(file)) return file;
  const context = join(state, 'pause-image');
  mkdirSync(context);
  copyFileSync(join(bin, 'pause'), join(context, 'pause'));
  writeFileSync(
    join(context, 'Dockerfile'),
    'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n',
  );
  await run('podman', ['build', '--isolation=chroot', '-q', '-t', PAUSE_IMAGE, context]);
  await save(PAUSE_IMAGE, file);
  await run('podman', ['rmi', PAUSE_IMAGE]);
  return file;
}

/**
 * @param image as podman knows it
 * @param name as the chart calls it
 * @returns the archive, or nothing where there is no such image
 */
export async function serviceArchive(image, name, state) {
  if ((await outcome('podman', ['image', 'exists', image])).code !== 0) return undefined;
  const full = `docker.io/library/${name}`;
  await run('podman', ['tag', image, full]);
  const file = join(state, 'service.tar');
  try {
    await save(full, file);
  } finally {
    await run('podman', ['untag', image, full]);
  }
  return file;
}

async function save(image, file) {
  rmSync(file, { force: true });
  await run('podman', ['save', '--format', 'docker-archive', '-o', file, image], {
    milliseconds: SAVE_MILLISECONDS,
  });
}
