import { formatBytes } from '../../src/core/quantity.ts';
import type { FilesState, JobView, PanelToHost } from '../../src/protocol/jobPanel.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';

/** The files that match the job's output patterns, and what else its provider lists of it. */
export function Files(props: {
  readonly job: JobView;
  readonly files: FilesState;
  readonly send: (message: PanelToHost) => void;
}) {
  const { job, files, send } = props;
  const refresh = (
    <vscode-button
      appearance="secondary"
      onClick={() => {
        send({ type: 'refreshFiles' });
      }}
    >
      {t('Refresh')}
    </vscode-button>
  );
  if (job.outputGlobs.length === 0 && files.kind === 'listed' && files.files.length === 0) {
    return (
      <div class="files">
        <p>{t('This job names no result files.')}</p>
        <p class="muted">{t('Give patterns such as outputs/** under “Results and limits” in the New Job form.')}</p>
      </div>
    );
  }
  if (files.kind === 'unknown' || files.kind === 'loading') {
    return <p class="files muted">{t('Looking for files…')}</p>;
  }
  if (files.kind === 'failed') {
    return (
      <div class="files">
        <p role="alert">{files.message}</p>
        {refresh}
      </div>
    );
  }
  return (
    <div class="files">
      <div class="files-bar">
        <span class="muted">{matching(files.files.length, job.outputGlobs)}</span>
        <vscode-button
          appearance="primary"
          disabled={files.files.length === 0}
          onClick={() => {
            send({ type: 'download', paths: files.files.map((file) => file.path) });
          }}
        >
          {t('Download All')}
        </vscode-button>
        {refresh}
      </div>
      <table>
        <tbody>
          {files.files.map((file) => (
            <tr key={file.path}>
              <td class="mono">
                <button
                  type="button"
                  class="link"
                  onClick={() => {
                    send({ type: 'openFile', path: file.path });
                  }}
                >
                  {file.path}
                </button>
              </td>
              <td class="size muted">{formatBytes(file.bytes)}</td>
              <td class="muted">{file.modifiedAt === null ? '' : new Date(file.modifiedAt).toLocaleString()}</td>
              <td>
                <button
                  type="button"
                  class="link"
                  aria-label={t('Download {0}', file.path)}
                  onClick={() => {
                    send({ type: 'download', paths: [file.path] });
                  }}
                >
                  <Icon name="cloud-download" />
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function matching(count: number, globs: readonly string[]): string {
  const patterns = globs.join(', ');
  if (count === 1) {
    return patterns === '' ? t('1 file') : t('1 file matches {0}', patterns);
  }
  return patterns === '' ? t('{0} files', count) : t('{0} files match {1}', count, patterns);
}
