import { fieldsOf, textOf } from '../route.ts';

/** An input or output of a job, and where the command finds it. */
export interface Binding {
  readonly name: string;
  readonly direction: 'inputs' | 'outputs';
  /** Where it is in storage; empty for a value that stands for itself. */
  readonly uri: string;
  readonly isFile: boolean;
  readonly isWritten: boolean;
  /** What the command sees. */
  readonly value: string;
}

const folder = '/mnt/azureml/cr/data';

/** Inputs and outputs of a request, each with its place in the machine. */
export function bindingsOf(job: string, properties: Readonly<Record<string, unknown>>): readonly Binding[] {
  const inputs = Object.entries(fieldsOf(properties['inputs'])).map(([name, given]): Binding => {
    const { jobInputType, uri, value, mode } = fieldsOf(given);
    const isLiteral = jobInputType === 'literal';
    return {
      name,
      direction: 'inputs',
      uri: isLiteral ? '' : textOf(uri),
      isFile: jobInputType === 'uri_file',
      isWritten: mode === 'ReadWriteMount',
      value: isLiteral ? String(value) : mode === 'Direct' ? textOf(uri) : `${folder}/INPUT_${name}`,
    };
  });
  const outputs = Object.entries(fieldsOf(properties['outputs'])).map(([name, given]): Binding => {
    const { jobOutputType, uri, mode } = fieldsOf(given);
    const place = textOf(uri) || `azureml://datastores/workspaceblobstore/paths/azureml/${job}/${name}/`;
    return {
      name,
      direction: 'outputs',
      uri: place,
      isFile: jobOutputType === 'uri_file',
      isWritten: true,
      value: mode === 'Direct' ? place : `${folder}/OUTPUT_${name}`,
    };
  });
  return [...inputs, ...outputs];
}

/** Puts the places in for `${{inputs.x}}`, `${{outputs.x}}` and the variables of `AZUREML_` that Azure knows. */
export function expandCommand(command: string, bindings: readonly Binding[]): string {
  return command.replaceAll(
    /\$\{\{\s*(inputs|outputs)\.([A-Za-z0-9_]+)\s*\}\}/gu,
    (whole, direction: string, name: string) =>
      bindings.find((one) => one.direction === direction && one.name === name)?.value ?? whole,
  );
}
