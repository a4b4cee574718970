import { formatAccelerator, localAcceleratorName, parseAccelerator } from './accelerator.ts';
import type { InputField } from './inputField.ts';
import type { AcceleratorRequest } from './jobSpec.ts';
import type { JsonObject } from './provider.ts';

const countRange = { min: 1, max: 1024 };

/** `H100`, `H100 x 8`, `H100:8` and `8 x H100`, or a record of name and count, which may also name a device of the own machine. */
export function readAccelerator(field: InputField): AcceleratorRequest | undefined {
  if (typeof field.value === 'string' || field.isAbsent) {
    return readAcceleratorText(field);
  }
  if (typeof field.value !== 'object' || Array.isArray(field.value)) {
    return field.refuse('This must be an accelerator such as H100 x 8, or its name and count.');
  }
  const part = field.record(['name', 'count']);
  const count = part('count').wholeNumber(countRange) ?? 1;
  const name = part('name').required('Say which accelerator, such as H100.').line(200);
  if (name === undefined) {
    return undefined;
  }
  const parsed = parseAccelerator(name);
  return !parsed.ok && parsed.reason === 'ambiguous'
    ? part('name').refuse(`${JSON.stringify(name)} could be ${parsed.suggestions.join(' or ')}. Write which.`)
    : { name: localAcceleratorName(name), count };
}

function readAcceleratorText(field: InputField): AcceleratorRequest | undefined {
  const text = field.line(200);
  if (text === undefined) {
    return undefined;
  }
  const after = /^(.+?)(?: ?[:×*] ?| x ?)(-?[\d.]+)$/iu.exec(text);
  const before = /^(-?[\d.]+) ?[x×*] ?(.+)$/iu.exec(text);
  const name = after?.[1] ?? before?.[2] ?? text;
  const count = Number(after?.[2] ?? before?.[1] ?? 1);
  if (!Number.isInteger(count) || count < countRange.min || count > countRange.max) {
    return field.refuse(
      `The count must be a whole number from ${countRange.min} to ${countRange.max}, as in ${name} x 8.`,
    );
  }
  const parsed = parseAccelerator(name);
  if (parsed.ok) {
    return { name: parsed.name, count };
  }
  const quoted = JSON.stringify(name);
  if (parsed.reason === 'ambiguous') {
    return field.refuse(`${quoted} could be ${parsed.suggestions.join(' or ')}. Write which.`);
  }
  return field.refuse(
    parsed.suggestions.length > 0
      ? `No accelerator is called ${quoted}. Did you mean ${parsed.suggestions.join(' or ')}?`
      : `No accelerator is called ${quoted}. Write one such as H100 x 8; a device that only your own machine has goes in as name: ${name}, count: ${count}.`,
  );
}

/** The shortest form that `readAccelerator` reads as the same request. */
export function writeAccelerator({ name, count }: AcceleratorRequest): JsonObject | string {
  return parseAccelerator(name).ok ? formatAccelerator({ name, count }) : { name, count };
}
