import { shapeWalkCode } from './shapeWalkCode.ts';

/** The part of WebAssembly that is used here; Node's types leave it out. */
declare const WebAssembly: {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => WalkMemory;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    code: object,
    imports: { readonly env: { readonly memory: WalkMemory } },
  ) => { readonly exports: WalkFunctions };
};

interface WalkMemory {
  readonly buffer: ArrayBuffer;
}

/** See shapeWalk.as. */
export interface WalkFunctions {
  walk(
    at: number,
    end: number,
    root: number,
    plans: number,
    powers: number,
    out: number,
    outEnd: number,
    line: number,
    state: number,
  ): void;
}

const pageBytes = 65_536;
let code: object | undefined;

/** The walk through shapes, with so many bytes of memory of its own, all 0. They cost nothing until they are used. */
export function createWalk(bytes: number): { readonly memory: ArrayBuffer; readonly functions: WalkFunctions } {
  code ??= new WebAssembly.Module(Uint8Array.from(atob(shapeWalkCode), (byte) => byte.charCodeAt(0)));
  const pages = Math.ceil(bytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  return { memory: memory.buffer, functions: new WebAssembly.Instance(code, { env: { memory } }).exports };
}
