import { createHmac } from 'node:crypto';

/** First version whose string to sign has these fields. */
const version = '2020-12-06';

/**
 * A shared access signature for a whole container, made from the account's key: read, add, create, write, delete, list.
 * Fields as "Create a service SAS" of the storage documentation has them.
 */
export function containerSas(account: string, key: string, container: string, until: number): string {
  const permissions = 'racwdl';
  const expiry = timeText(until);
  const protocol = 'https,http';
  const toSign = [
    permissions,
    // From any time on: the clocks of this machine and of Azure may differ.
    '',
    expiry,
    `/blob/${account}/${container}`,
    '',
    '',
    protocol,
    version,
    'c',
    '',
    '',
    '',
    '',
    '',
    '',
    '',
  ].join('\n');
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(toSign, 'utf8').digest('base64');
  return new URLSearchParams({
    sv: version,
    spr: protocol,
    se: expiry,
    sr: 'c',
    sp: permissions,
    sig: signature,
  }).toString();
}

function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
