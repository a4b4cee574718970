import './submit.css';

import { render } from 'preact';

import type { FormDraft, FormToHost, FormToWebview } from '../../src/protocol/submitForm.ts';
import { registerComponents } from '../ui/components.ts';
import { connectHost } from '../ui/host.ts';
import { Form } from './Form.tsx';
import { focusField, focusFirstProblem } from './fields.tsx';

registerComponents();

const root = document.querySelector('#root');
/** How long typing rests before the extension hears of it, in ms. */
const typingPause = 120;
let typed: { draft: FormDraft; timer: ReturnType<typeof setTimeout> } | undefined;
let revision = 0;

const host = connectHost<FormToWebview, FormToHost, undefined>((message) => {
  if (message.type === 'focus') {
    focusField(message.field);
    return;
  }
  if (message.type === 'focusProblem') {
    focusFirstProblem();
    return;
  }
  const { state } = message;
  if (state.revision !== revision) {
    revision = state.revision;
    clearTimeout(typed?.timer);
    typed = undefined;
  }
  draw(typed === undefined ? state : { ...state, draft: typed.draft });
});

function draw(state: Parameters<typeof Form>[0]['state']): void {
  if (root === null) {
    return;
  }
  const change = (draft: FormDraft): void => {
    clearTimeout(typed?.timer);
    const timer = setTimeout(() => {
      host.send({ type: 'draft', draft, revision });
      typed = undefined;
    }, typingPause);
    typed = { draft, timer };
    draw({ ...state, draft });
  };
  const flush = (): void => {
    if (typed !== undefined) {
      clearTimeout(typed.timer);
      host.send({ type: 'draft', draft: typed.draft, revision });
      typed = undefined;
    }
  };
  const send = (message: FormToHost): void => {
    flush();
    host.send(message);
  };
  render(<Form state={state} change={change} send={send} />, root);
  document.body.classList.add('ready');
}

host.send({ type: 'ready' });
