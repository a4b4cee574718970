import { useEffect, useRef } from 'preact/hooks';

import { Icon } from '../../ui/Icon.tsx';
import { t } from '../../ui/l10n.ts';
import { type TimeMode, timeModes } from '../times.ts';
import type { BarProps } from './barProps.ts';

/** What is wanted now and then. */
export function Menu(props: BarProps) {
  const { settings, set, show, send, log, selection, run } = props;
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    menu.current?.querySelector('button')?.focus();
    const close = (event: PointerEvent): void => {
      const isInside = event.target instanceof Element && event.target.closest('.log-menu, .log-bar') !== null;
      if (!isInside) {
        show(null);
      }
    };
    document.addEventListener('pointerdown', close);
    return () => {
      document.removeEventListener('pointerdown', close);
    };
  }, []);
  const timeLabels: Readonly<Record<TimeMode, string>> = {
    off: t('No times'),
    clock: t('Time of day'),
    elapsed: t('Time since the start'),
    delta: t('Time since the line before'),
  };
  const item = (label: string, act: () => void, checked?: boolean) => (
    <button
      type="button"
      role={checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
      aria-checked={checked}
      onClick={() => {
        show(null);
        act();
      }}
    >
      <span class="check">{checked === true ? <Icon name="check" /> : null}</span>
      {label}
    </button>
  );
  const copyAll = (numbers: boolean): void => {
    send({ type: 'logCopy', from: 0, to: Math.max(0, (log?.rows ?? 0) - 1), numbers });
  };
  return (
    <div class="log-menu" role="menu" ref={menu} onKeyDown={moveFocus}>
      {props.hasTimes
        ? timeModes.map((times) =>
            item(
              timeLabels[times],
              () => {
                set({ times });
              },
              settings.times === times,
            ),
          )
        : null}
      {item(
        t('Line numbers'),
        () => {
          set({ numbers: !settings.numbers });
        },
        settings.numbers,
      )}
      <hr />
      {selection === null
        ? null
        : item(t('Copy selected lines with numbers'), () => {
            send({ type: 'logCopy', from: selection[0], to: selection[1], numbers: true });
          })}
      {item(t('Copy all'), () => {
        copyAll(false);
      })}
      {item(t('Copy all with line numbers'), () => {
        copyAll(true);
      })}
      {item(t('Save the log…'), () => {
        send({ type: 'logExport', what: 'log' });
      })}
      {log === undefined || log.filter === null
        ? null
        : item(t('Save the lines shown…'), () => {
            send({ type: 'logExport', what: 'view' });
          })}
      {item(t('Open as a document'), () => {
        send({ type: 'logAsDocument' });
      })}
      <hr />
      {item(t('Go to line… (:)'), () => {
        run({ kind: 'goTo' });
      })}
      {item(t('Keys… (?)'), () => {
        run({ kind: 'keys' });
      })}
    </div>
  );
}

function moveFocus(event: KeyboardEvent): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const at = event.target;
  if (step !== 0 && at instanceof HTMLElement) {
    event.preventDefault();
    const items = [...(at.parentElement?.querySelectorAll('button') ?? [])];
    const next = (items.findIndex((item) => item === at) + step + items.length) % items.length;
    items[next]?.focus();
  }
}
