import { readFile } from 'node:fs/promises';

import type { Plugin } from 'esbuild';

/** A client that the generated ones make beside their own, of which nobody here asks anything. */
const unusedClient = `{ initialize() {} async close() {} }`;

/** Modules of google-gax in whose place something smaller is bundled. */
const replaced: readonly { readonly filter: RegExp; readonly contents: string }[] = [
  // Messages that are only handed on, or needed where somebody waits for an operation, which nobody does here.
  ...['iam_service', 'locations', 'operations'].map((name) => ({
    filter: new RegExp(String.raw`[\\/]google-gax[\\/]build[\\/]protos[\\/]${name}\.js$`),
    contents: 'module.exports = {};',
  })),
  {
    filter: /[\\/]google-gax[\\/]build[\\/]src[\\/]iamService\.js$/,
    contents: `exports.IamClient = class IamClient ${unusedClient};`,
  },
  {
    filter: /[\\/]google-gax[\\/]build[\\/]src[\\/]locationService\.js$/,
    contents: `exports.LocationsClient = class LocationsClient ${unusedClient};`,
  },
  {
    filter: /[\\/]google-gax[\\/]build[\\/]src[\\/]operationsClient\.js$/,
    contents: `
      exports.SERVICE_ADDRESS = 'longrunning.googleapis.com';
      exports.ALL_SCOPES = [];
      exports.OperationsClient = class OperationsClient ${unusedClient};
      exports.OperationsClientBuilder = class OperationsClientBuilder {
        operationsClient() {
          return new exports.OperationsClient();
        }
      };`,
  },
];

/**
 * What proto-loader makes for gRPC's reflection service, which clients do not have: a description of every message and of every file,
 * which takes most of the time that a client takes to build.
 */
const descriptions: readonly (readonly [string, string])[] = [
  ['const descriptor = require("protobufjs/ext/descriptor");', 'const descriptor = {};'],
  ["const descriptorList = root.toDescriptor('proto3').file;", 'const descriptorList = [];'],
  ["const messageDescriptor = message.toDescriptor('proto3');", ''],
  ['type: messageDescriptor.$type.toObject(messageDescriptor, descriptorOptions),', 'type: {},'],
  ["const enumDescriptor = enumType.toDescriptor('proto3');", ''],
  ['type: enumDescriptor.$type.toObject(enumDescriptor, descriptorOptions),', 'type: {},'],
];

const protoLoader = /[\\/]@grpc[\\/]proto-loader[\\/]build[\\/]src[\\/]index\.js$/;

/** Leaves out of the clients of Google Cloud what is built, or loaded, each time and used never. */
export const trimGax: Plugin = {
  name: 'trim-gax',
  setup(plugin) {
    const used = new Set<RegExp>();
    for (const { filter, contents } of replaced) {
      plugin.onLoad({ filter }, () => {
        used.add(filter);
        return { contents, loader: 'js' };
      });
    }
    plugin.onLoad({ filter: protoLoader }, async ({ path }) => {
      used.add(protoLoader);
      return { contents: withoutDescriptions(await readFile(path, 'utf8')), loader: 'js' };
    });
    plugin.onEnd((result) => {
      const unused = [...replaced.map(({ filter }) => filter), protoLoader].filter((filter) => !used.has(filter));
      // A build that failed may have ended before it came to them.
      if (result.errors.length === 0) {
        return { errors: unused.map((filter) => ({ text: `The SDK has changed: it has no module ${filter.source}` })) };
      }
      return {};
    });
  },
};

/** Throws when the module is not the one it was, so that an update of it is noticed. */
export function withoutDescriptions(source: string): string {
  return descriptions.reduce((text, [from, to]) => {
    if (!text.includes(from)) {
      throw new Error(`@grpc/proto-loader has changed: there is no "${from}" in it.`);
    }
    return text.replace(from, to);
  }, source);
}
