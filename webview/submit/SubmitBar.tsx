import type { FormState, FormToHost } from '../../src/protocol/submitForm.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';

/** Submit and Preview; while a submission is under way, its step and a way to stop it. */
export function SubmitBar({
  state,
  send,
}: {
  readonly state: FormState;
  readonly send: (message: FormToHost) => void;
}) {
  const { submission, blocked, draft } = state;
  if (submission.kind === 'submitting') {
    return (
      <div class="submit-bar" role="status">
        <div class="buttons">
          <vscode-progress-ring aria-hidden="true" />
          <span class="step">
            {submission.step}
            {submission.fraction === null ? '…' : ` ${Math.round(submission.fraction * 100)} %`}
          </span>
          <vscode-button
            appearance="secondary"
            onClick={() => {
              send({ type: 'cancelSubmit' });
            }}
          >
            {t('Cancel')}
          </vscode-button>
        </div>
      </div>
    );
  }
  return (
    <div class="submit-bar">
      {submission.kind === 'failed' ? (
        <div class="failure" role="alert">
          <Icon name="error" tint="red" />
          <div>
            <p>{submission.message}</p>
            {submission.detail === null ? null : <p class="muted mono">{submission.detail}</p>}
          </div>
        </div>
      ) : null}
      {blocked === null ? null : (
        <div class="failure" role="status">
          <Icon name="shield" />
          <div>
            <p>{blocked.message}</p>
            {blocked.action === null ? null : (
              <button
                type="button"
                class="link"
                onClick={() => {
                  send({ type: 'resolveBlocked' });
                }}
              >
                {blocked.actionLabel}
              </button>
            )}
          </div>
        </div>
      )}
      <div class="buttons">
        <vscode-button
          id="submit"
          class="grow"
          appearance="primary"
          disabled={blocked !== null}
          onClick={() => {
            send({ type: 'submit', draft });
          }}
        >
          {t('Submit')}
        </vscode-button>
        <vscode-button
          appearance="secondary"
          disabled={blocked !== null}
          onClick={() => {
            send({ type: 'preview', draft });
          }}
        >
          {t('Preview')}
        </vscode-button>
      </div>
    </div>
  );
}
