import { ProviderError } from '../../../core/providerError.ts';
import { answerOf, networkCode } from './answer.ts';

const signIn = 'Run `gcloud auth application-default login`, then try again.';

/** Why there is no token; from google-auth-library or the endpoint that gives tokens out. */
export function signInError(error: unknown): ProviderError {
  const { status, message } = answerOf(error);
  const details = { raw: message, cause: error };
  const auth = (text: string, remedy: string): ProviderError => new ProviderError('auth', text, { ...details, remedy });

  if (/could not load the default credentials|unable to detect a project/iu.test(message)) {
    return auth('You are not signed in to Google Cloud on this machine.', signIn);
  }
  if (/invalid_rapt|rapt_required|reauth/iu.test(message)) {
    return auth('Your organization asks you to sign in to Google Cloud again.', signIn);
  }
  if (/invalid_grant/iu.test(message)) {
    return /jwt|assertion|signature|iat|service account/iu.test(message)
      ? auth(
          'Google Cloud does not accept the key of the service account.',
          'Check the clock of this machine; if it is right, get a new key and point GOOGLE_APPLICATION_CREDENTIALS to it.',
        )
      : auth('Your sign-in to Google Cloud has expired or was revoked.', signIn);
  }
  if (/iam\.serviceAccounts\.getAccessToken|generateAccessToken|unable to impersonate/iu.test(message)) {
    return auth(
      'You may not act as the service account that your credentials name.',
      'Ask for the role roles/iam.serviceAccountTokenCreator on it, or run `gcloud auth application-default login` without --impersonate-service-account.',
    );
  }
  if (
    /lacked the required|EACCES|ENOENT|not exist|credential_source|unable to parse|unexpected token|does not contain|Executable/iu.test(
      message,
    )
  ) {
    return auth(
      'The credentials file for Google Cloud cannot be used.',
      'Correct the file that GOOGLE_APPLICATION_CREDENTIALS names, or unset it and run `gcloud auth application-default login`.',
    );
  }
  if (/invalid_client|unauthorized_client|invalid_target|invalid_request|access_denied|invalid_scope/iu.test(message)) {
    return auth('Google Cloud refuses your credentials.', signIn);
  }
  if (networkCode(error) !== null || status === null || status === 429 || status >= 500) {
    return new ProviderError('transient', 'Google’s sign-in service cannot be reached.', {
      ...details,
      remedy: 'Check your network, VPN or proxy.',
    });
  }
  return auth('Google Cloud does not sign you in.', signIn);
}
