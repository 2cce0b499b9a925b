import { describe, expect, it } from 'vitest';
import { Config } from './config/environment.js';
import { startFailure } from './start-failure.js';

function failure(code: string, syscall: string): string {
  return startFailure(Object.assign(new Error('failed'), { code, syscall }), new Config());
}

describe('a failed start', () => {
  it('names the setting that its cause belongs to', () => {
    expect(failure('EADDRINUSE', 'listen')).toMatch(/^PORT: port 3001 on 127.0.0.1 is in use/);
    expect(failure('EACCES', 'listen')).toMatch(/^PORT: port 3001 may not be listened on/);
    expect(failure('EADDRNOTAVAIL', 'listen')).toMatch(/^HOST: 127.0.0.1 is not an address/);
    expect(failure('ENOTFOUND', 'getaddrinfo')).toMatch(/^HOST: /);
    expect(failure('EACCES', 'access')).toMatch(/^DATA_DIR: .\/data cannot be written/);
    expect(failure('ENOSPC', 'mkdir')).toMatch(/^DATA_DIR: .\/data is on a full disk/);
    expect(failure('EWHATEVER', 'read')).toBe('Start failed: failed');
  });

  it('says in one line whose process may not write the data, and two ways out of it', () => {
    const uid = process.getuid?.() ?? 'this user';
    const line = failure('EACCES', 'open');
    expect(line).toContain(`by uid ${uid} (EACCES)`);
    expect(line).toContain(`chown -R ${uid}`);
    expect(line).toContain('--user "$(id -u):$(id -g)"');
    expect(line).not.toContain('\n');
  });

  it('tells a read-only file system from a missing permission', () => {
    const line = failure('EROFS', 'mkdir');
    expect(line).toMatch(/^DATA_DIR: .\/data is on a read-only file system \(EROFS\)/);
    expect(line).not.toContain('chown');
  });
});
