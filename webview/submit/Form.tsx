import type { FormDraft, FormState, FormToHost } from '../../src/protocol/submitForm.ts';
import { t } from '../ui/l10n.ts';
import { AcceleratorPicker } from './AcceleratorPicker.tsx';
import { EnvTable } from './EnvTable.tsx';
import { Checkbox, Dropdown, Problems, TextArea, TextField } from './fields.tsx';
import { Line } from './Line.tsx';
import { OptionFields } from './OptionFields.tsx';
import { SecretList } from './SecretList.tsx';
import { Section } from './Section.tsx';
import { SubmitBar } from './SubmitBar.tsx';
import { UploadSummary } from './UploadSummary.tsx';
import { WaitLimit } from './WaitLimit.tsx';

/** Fields of the draft that are plain text. */
type TextName = { [Name in keyof FormDraft]: FormDraft[Name] extends string ? Name : never }[keyof FormDraft];

export interface FormProps {
  readonly state: FormState;
  readonly change: (draft: FormDraft) => void;
  readonly send: (message: FormToHost) => void;
}

/** One page, no wizard: what to run, on what, how long, how much; everything else folds away. */
export function Form({ state, change, send }: FormProps) {
  const { draft, problems } = state;
  const edit = (part: Partial<FormDraft>): void => {
    change({ ...draft, ...part });
  };
  const field = (name: TextName, label: string) => ({
    field: name,
    label,
    problems,
    value: draft[name],
    change: (value: string): void => {
      edit({ [name]: value });
    },
  });
  const connection = state.connections.find((candidate) => candidate.id === draft.connection);
  const can = {
    spot: connection?.spot ?? state.connections.some(({ spot }) => spot),
    regions: connection?.regions ?? state.connections.some(({ regions }) => regions),
    image: connection?.containerImage ?? state.connections.some(({ containerImage }) => containerImage),
    nodes: connection?.multiNode ?? state.connections.some(({ multiNode }) => multiNode),
  };
  const cannot = (one: (place: string) => string, none: string): string =>
    connection === undefined ? none : one(connection.label);
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        send({ type: 'submit', draft });
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          send({ type: 'submit', draft });
        }
      }}
    >
      <TextField
        {...field('command', t('Run'))}
        mono
        placeholder={t('python train.py')}
        change={(command) => {
          edit({ command, followActiveFile: false });
        }}
        hint={<ActiveFileHint state={state} edit={edit} />}
      />
      <Dropdown
        {...field('connection', t('Provider'))}
        choices={connectionChoices(state)}
        aside={
          <button
            id="add-provider"
            type="button"
            class="link"
            onClick={() => {
              send({ type: 'addProvider' });
            }}
          >
            {t('Add provider…')}
          </button>
        }
      />
      <AcceleratorPicker
        state={state}
        problems={problems}
        pick={edit}
        refresh={() => {
          send({ type: 'refreshOffers' });
        }}
      />
      <div class={`columns${draft.accelerator === '' ? '' : ' four'}`}>
        {draft.accelerator === '' ? null : <TextField {...field('count', t('Per node'))} />}
        <TextField {...field('nodes', t('Nodes'))} />
        <TextField {...field('durationLimit', t('Stop after'))} placeholder={t('no limit')} />
        <TextField {...field('costLimit', t('At most'))} placeholder={t('$ no limit')} />
      </div>
      {can.nodes || draft.nodes === '1' ? null : (
        <Unable
          text={cannot(
            (place) => t('{0} runs jobs on one node.', place),
            t('Every provider here runs jobs on one node.'),
          )}
        />
      )}

      <OptionFields
        state={state}
        place={connection?.label ?? draft.connection}
        edit={edit}
        refresh={() => {
          send({ type: 'refreshOptions' });
        }}
      />
      <Section title={t('Set-up and environment')} filled={filled(draft, ['setup', 'image', 'env', 'secrets'])}>
        <TextArea {...field('setup', t('Set-up command'))} rows={2} placeholder="pip install -r requirements.txt" />
        <TextField {...field('workingDirectory', t('Working folder'))} mono />
        <EnvTable
          rows={draft.env}
          problems={problems}
          change={(env) => {
            edit({ env });
          }}
        />
        <SecretList
          names={draft.secrets}
          stored={state.storedSecrets}
          problems={problems}
          change={(secrets) => {
            edit({ secrets });
          }}
          setValue={(name) => {
            send({ type: 'setSecret', name });
          }}
        />
        <TextField
          {...field('image', t('Container image'))}
          mono
          hint={
            can.image
              ? undefined
              : cannot((place) => t('{0} does not run containers.', place), t('No provider here runs containers.'))
          }
        />
      </Section>
      <Section title={t('Resources and place')} filled={filled(draft, ['spot', 'region', 'cpus', 'memory', 'disk'])}>
        <TextField
          {...field('region', t('Region'))}
          hint={
            can.regions
              ? undefined
              : cannot((place) => t('{0} has no regions.', place), t('No provider here has regions.'))
          }
        />
        <Checkbox
          label={can.spot ? t('Spot: cheaper, may be preempted') : t('Spot (not offered here)')}
          checked={draft.spot}
          change={(spot) => {
            edit({ spot });
          }}
        />
        <Problems problems={problems} field="spot" />
        <div class="columns">
          <TextField {...field('cpus', t('CPUs'))} />
          <TextField {...field('memory', t('Memory'))} placeholder="64GiB" />
          <TextField {...field('disk', t('Disk'))} placeholder="200GiB" />
        </div>
      </Section>
      <Section title={t('Results and limits')} filled={filled(draft, ['outputs', 'waitLimit', 'name'])}>
        <TextArea
          {...field('outputs', t('Result files'))}
          rows={2}
          placeholder="outputs/**"
          hint={t('One pattern a line.')}
        />
        <WaitLimit field={field('waitLimit', t('Give up waiting after'))} state={state} />
        <TextField {...field('name', t('Name'))} placeholder={t('from the command')} />
      </Section>

      <div class="consequences">
        <UploadSummary state={state} send={send} />
        {state.cost === null ? null : <Line icon="credit-card">{state.cost}</Line>}
      </div>
      <Problems problems={problems} field="form" />
      <SubmitBar state={state} send={send} />
    </form>
  );
}

function ActiveFileHint(props: { readonly state: FormState; readonly edit: (part: Partial<FormDraft>) => void }) {
  const { draft, activeFile, interpreter } = props.state;
  if (activeFile === null) {
    return draft.command === '' ? <>{t('Open the file you want to run, or type a command.')}</> : null;
  }
  if (draft.followActiveFile || activeFile.command === draft.command) {
    return <>{[t('follows {0}', activeFile.path), interpreter].filter((part) => part !== null).join(' · ')}</>;
  }
  return (
    <button
      type="button"
      class="link"
      onClick={() => {
        props.edit({ command: activeFile.command, followActiveFile: true });
      }}
    >
      {t('Use {0}', activeFile.path)}
    </button>
  );
}

/** Also the one that was chosen, when it is gone: what would be submitted is what is shown. */
function connectionChoices({ connections, removedConnection, draft }: FormState) {
  return [
    { value: '', label: t('Any that has it') },
    ...connections.map(({ id, label }) => ({ value: id, label })),
    ...(removedConnection === null ? [] : [{ value: draft.connection, label: t('{0} (removed)', removedConnection) }]),
  ];
}

function filled(draft: FormDraft, fields: readonly (keyof FormDraft)[]): number {
  return fields.filter((field) => {
    const value = draft[field];
    return Array.isArray(value) ? value.length > 0 : value !== '' && value !== false;
  }).length;
}

function Unable({ text }: { readonly text: string }) {
  return <p class="hint">{text}</p>;
}
