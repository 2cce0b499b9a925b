// Certificates of the cluster's own authority, by openssl: who holds one is who its subject says.

import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.mjs';

const DAYS = '2';

export class Authority {
  constructor(folder) {
    this.folder = folder;
    this.certificate = join(folder, 'ca.crt');
    this.key = join(folder, 'ca.key');
  }

  async create() {
    await run('openssl', [
      ...['req', '-x509', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
      ...['-noenc', '-days', DAYS, '-subj', '/CN=cluster', '-keyout', this.key],
      ...['-out', this.certificate],
    ]);
    return this;
  }

  /**
   * @param groups what Kubernetes takes as the groups of the user
   * @param addresses what a server answers at, such as `DNS:localhost`
   * @returns the paths of certificate and key
   */
  async issue(name, user, { groups = [], addresses = [] } = {}) {
    const path = (ending) => join(this.folder, `${name}.${ending}`);
    const subject = `/${[...groups.map((group) => `O=${group}`), `CN=${user}`].join('/')}`;
    const extensions = ['extendedKeyUsage=clientAuth,serverAuth'];
    if (addresses.length > 0) extensions.push(`subjectAltName=${addresses.join(',')}`);
    writeFileSync(path('ext'), `${extensions.join('\n')}\n`);
    await run('openssl', [
      ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'],
      ...['-subj', subject, '-keyout', path('key'), '-out', path('csr')],
    ]);
    await run('openssl', [
      ...['x509', '-req', '-in', path('csr'), '-CA', this.certificate, '-CAkey', this.key],
      ...[
        '-set_serial',
        `0x${randomBytes(8).toString('hex')}`,
        '-days',
        DAYS,
        '-extfile',
        path('ext'),
        '-out',
        path('crt'),
      ],
    ]);
    return { certificate: path('crt'), key: path('key') };
  }

  /** A key pair that signs the tokens of service accounts. */
  async keyPair(name) {
    const [key, publicKey] = [join(this.folder, `${name}.key`), join(this.folder, `${name}.pub`)];
    await run('openssl', [
      'genpkey',
      '-algorithm',
      'RSA',
      '-pkeyopt',
      'rsa_keygen_bits:2048',
      '-out',
      key,
    ]);
    await run('openssl', ['pkey', '-in', key, '-pubout', '-out', publicKey]);
    return { key, publicKey };
  }

  /** @returns the path of a file with which a program speaks to the API server as that user */
  async kubeconfig(server, name, user, groups) {
    const { certificate, key } = await this.issue(name, user, { groups });
    const file = join(this.folder, `${name}.kubeconfig`);
    const base64 = (path) => readFileSync(path).toString('base64');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'cluster',
          cluster: { server, 'certificate-authority-data': base64(this.certificate) },
        },
      ],
      users: [
        {
          name: user,
          user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) },
        },
      ],
      contexts: [{ name: 'cluster', context: { cluster: 'cluster', user } }],
      'current-context': 'cluster',
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }
}
