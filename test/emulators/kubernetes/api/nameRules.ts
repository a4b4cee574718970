import type { ResourceType } from '../objects/resources.ts';
import type { ObjectMeta } from '../objects/types.ts';
import type { FieldError } from './status.ts';

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/u;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/u;
const serviceName = /^[a-z]([-a-z0-9]*[a-z0-9])?$/u;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/u;
const keyName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/u;

const subdomainText = String.raw`a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
const labelText = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`;
const serviceText = `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`;
const labelValueText = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`;
const keyNameText = `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`;

export function bad(field: string, value: unknown, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

export function required(field: string, why = ''): FieldError {
  return { reason: 'FieldValueRequired', field, message: why === '' ? 'Required value' : `Required value: ${why}` };
}

export function unknownChoice(field: string, value: unknown, known: readonly string[]): FieldError {
  const list = known.map((choice) => JSON.stringify(choice)).join(', ');
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`,
  };
}

export function checkName(type: ResourceType, { name }: ObjectMeta): FieldError[] {
  const field = 'metadata.name';
  if (name === undefined || name === '') {
    return [required(field, 'name or generateName is required')];
  }
  if (type.kind === 'Namespace') {
    return checkLabelName(field, name);
  }
  if (type.kind === 'Service') {
    return [...lengthError(field, name, 63), ...(serviceName.test(name) ? [] : [bad(field, name, serviceText)])];
  }
  return [...lengthError(field, name, 253), ...(subdomain.test(name) ? [] : [bad(field, name, subdomainText)])];
}

export function checkLabelName(field: string, name: string): FieldError[] {
  return [...lengthError(field, name, 63), ...(label.test(name) ? [] : [bad(field, name, labelText)])];
}

export function isLabelName(name: string): boolean {
  return name.length <= 63 && label.test(name);
}

/** Labels and the keys of annotations, and the total size of these. */
export function checkLabels(meta: Pick<ObjectMeta, 'labels' | 'annotations'>, at = 'metadata'): FieldError[] {
  const labels = checkLabelMap(meta.labels ?? {}, `${at}.labels`);
  const annotations = Object.keys(meta.annotations ?? {}).flatMap((key) =>
    checkKey(`${at}.annotations`, key.toLowerCase()),
  );
  const bytes = Object.entries(meta.annotations ?? {}).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  return [...labels, ...annotations, ...(bytes > 262_144 ? [tooLong(`${at}.annotations`, 262_144)] : [])];
}

export function checkLabelMap(labels: Record<string, string>, field: string): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...checkKey(field, key),
    ...(value.length > 63 ? [bad(field, value, 'must be no more than 63 bytes')] : []),
    ...(labelValue.test(value) ? [] : [bad(field, value, labelValueText)]),
  ]);
}

export function tooLong(field: string, limitBytes: number): FieldError {
  return { reason: 'FieldValueTooLong', field, message: `Too long: may not be more than ${limitBytes} bytes` };
}

function checkKey(field: string, key: string): FieldError[] {
  const slash = key.lastIndexOf('/');
  const prefix = key.slice(0, Math.max(slash, 0));
  const name = key.slice(slash + 1);
  const errors: FieldError[] = [];
  if (slash >= 0 && !subdomain.test(prefix)) {
    errors.push(bad(field, key, `prefix part ${subdomainText}`));
  }
  if (name.length > 63) {
    errors.push(bad(field, key, 'name part must be no more than 63 bytes'));
  }
  if (!keyName.test(name)) {
    errors.push(bad(field, key, keyNameText));
  }
  return errors;
}

function lengthError(field: string, name: string, limit: number): FieldError[] {
  return name.length > limit ? [bad(field, name, `must be no more than ${limit} bytes`)] : [];
}
