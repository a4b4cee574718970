import type { Connection, Location, Plan } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';

/** Where jobs cannot be run: every call says what is missing. */
export class UnsupportedConnection implements Connection {
  identity = refuse;
  offers = refuse;
  stage = refuse;
  submit = refuse;
  find = refuse;
  list = refuse;
  observe = refuse;
  cancel = refuse;
  outputs = refuse;
  remove = refuse;

  plan(): Plan {
    throw missing();
  }

  // oxlint-disable-next-line require-yield
  async *logs(): AsyncGenerator<never, void> {
    throw missing();
  }

  async *readOutput(): AsyncGenerator<never, void> {
    throw missing();
  }

  location(): Location | null {
    return null;
  }

  async dispose(): Promise<void> {
    // Nothing was opened.
  }
}

async function refuse(): Promise<never> {
  throw missing();
}

function missing(): ProviderError {
  return new ProviderError(
    'unsupported',
    'Jobs on this machine need POSIX process groups, which Windows does not have.',
    {
      remedy: 'Open the folder in WSL (Windows Subsystem for Linux), where they are, or choose another provider.',
    },
  );
}
