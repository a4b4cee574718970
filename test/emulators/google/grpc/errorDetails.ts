import type { GoogleApiError } from '../apiError.ts';

/**
 * An error as the bytes of a `google.rpc.Status`, which gRPC carries in `grpc-status-details-bin`. The SDK's protos do not
 * have the messages of its details, so their few fields are written here.
 */
export function statusBytes(error: GoogleApiError): Buffer {
  const { errorInfo, help, retryDelayMs } = error.details;
  const details = [
    ...(errorInfo === undefined ? [] : [any('ErrorInfo', errorInfoBytes(errorInfo))]),
    ...(help === undefined ? [] : [any('Help', bytesField(1, join(text(1, help.description), text(2, help.url))))]),
    ...(retryDelayMs === undefined ? [] : [any('RetryInfo', bytesField(1, duration(retryDelayMs)))]),
  ];
  return join(integer(1, error.grpcCode), text(2, error.message), ...details.map((detail) => bytesField(3, detail)));
}

function errorInfoBytes(info: NonNullable<GoogleApiError['details']['errorInfo']>): Buffer {
  const metadata = Object.entries(info.metadata).map(([key, value]) =>
    bytesField(3, join(text(1, key), text(2, value))),
  );
  return join(text(1, info.reason), text(2, info.domain), ...metadata);
}

function duration(ms: number): Buffer {
  return join(integer(1, Math.floor(ms / 1000)), integer(2, (ms % 1000) * 1_000_000));
}

function any(name: string, value: Buffer): Buffer {
  return join(text(1, `type.googleapis.com/google.rpc.${name}`), bytesField(2, value));
}

function text(field: number, value: string): Buffer {
  return bytesField(field, Buffer.from(value));
}

function bytesField(field: number, value: Buffer): Buffer {
  return join(varint(field * 8 + 2), varint(value.length), value);
}

function integer(field: number, value: number): Buffer {
  return join(varint(field * 8), varint(value));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

function join(...parts: Buffer[]): Buffer {
  return Buffer.concat(parts);
}
