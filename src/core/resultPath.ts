const ofNode = /^node(0|[1-9]\d*)\/(.+)$/su;

/** Path under which a result of a rank is known: plain for the first, unless that would look like one of another. */
export function resultPath(index: number, path: string, nodes: number): string {
  return nodes === 1 || (index === 0 && !ofNode.test(path)) ? path : `node${index}/${path}`;
}

export function ofResultPath(path: string, nodes: number): { readonly index: number; readonly path: string } {
  const [, index, inside] = (nodes === 1 ? null : ofNode.exec(path)) ?? [];
  return index === undefined || inside === undefined ? { index: 0, path } : { index: Number(index), path: inside };
}
