import { formatBytes } from '../../src/core/quantity.ts';
import type { FormState, FormToHost, HeldBackFile } from '../../src/protocol/submitForm.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { Line } from './Line.tsx';

/** What will leave this folder, and what was held back. */
export function UploadSummary(props: { readonly state: FormState; readonly send: (message: FormToHost) => void }) {
  const { upload, draft } = props.state;
  const review = (
    <button
      type="button"
      class="link"
      onClick={() => {
        props.send({ type: 'preview', draft });
      }}
    >
      {t('review')}
    </button>
  );
  switch (upload.kind) {
    case 'none':
      return null;
    case 'counting':
      return <Line icon="arrow-up">{t('Counting the files that go with it…')}</Line>;
    case 'failed':
      return (
        <p class="problem" role="alert">
          {upload.message}
        </p>
      );
    case 'known':
      return (
        <div class="upload">
          <Line icon="arrow-up">
            {upload.files === 1
              ? t('1 file, {0} goes with it', formatBytes(upload.bytes))
              : t('{0} files, {1} go with it', upload.files.toLocaleString(), formatBytes(upload.bytes))}
            {' · '}
            {review}
          </Line>
          {upload.heldBack.length === 0 ? null : (
            <details class="held-back">
              <summary>
                <Icon name="chevron-right" />
                <span>{t('{0} held back: {1}', upload.heldBack.length, nameSome(upload.heldBack))}</span>
              </summary>
              <ul>
                {upload.heldBack.map((file) => (
                  <HeldBack key={file.path} file={file} send={props.send} />
                ))}
              </ul>
            </details>
          )}
          {upload.included.map((path) => (
            <Line key={path} icon="warning">
              {t('{0} is sent on your word', path)}
              {' · '}
              <button
                type="button"
                class="link"
                onClick={() => {
                  props.send({ type: 'includeFile', path, include: false });
                }}
              >
                {t('hold back')}
              </button>
            </Line>
          ))}
        </div>
      );
  }
}

function HeldBack({ file, send }: { readonly file: HeldBackFile; readonly send: (message: FormToHost) => void }) {
  return (
    <li>
      <span class="mono">{file.path}</span>{' '}
      <span class="muted">
        {formatBytes(file.bytes)} · {file.reason}
      </span>{' '}
      <button
        type="button"
        class="link"
        aria-label={t('Include {0}', file.path)}
        onClick={() => {
          send({ type: 'includeFile', path: file.path, include: true });
        }}
      >
        {t('include')}
      </button>
    </li>
  );
}

function nameSome(files: readonly HeldBackFile[]): string {
  const names = files.slice(0, 2).map((file) => file.path.split('/').at(-1) ?? file.path);
  return files.length > names.length ? `${names.join(', ')}, …` : names.join(', ');
}
