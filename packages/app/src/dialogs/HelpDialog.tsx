/** What to do about a refusal: which line of which file, or which command, changes the daemon's mind. */
import type { ReactElement } from 'react';
import type { ConnectionNames, Reason } from '../connection/connection-view.js';
import type { HelpTopic } from '../state/window.js';
import { Overlay } from './Overlay.js';

type Props = {
  readonly topic: HelpTopic;
  readonly names: ConnectionNames;
  readonly reason: Reason | null;
  readonly onClose: () => void;
  readonly onClosed: () => void;
};

const TITLES: { readonly [T in HelpTopic]: string } = {
  'allow-origin': 'Allow this page',
  'allow-address': 'Allow this address',
  'get-in': 'Get in',
  update: 'Bring both to the same version',
};

export function HelpDialog({ topic, names, reason, onClose, onClosed }: Props): ReactElement {
  return (
    <Overlay
      testId="help"
      title={TITLES[topic]}
      description={adviceOf(topic, names)}
      onClose={onClose}
      onClosed={onClosed}
    >
      {reason === null ? null : (
        <pre className="log" tabIndex={0} aria-label="What the other side said">
          {reason.body ?? reason.message}
        </pre>
      )}
    </Overlay>
  );
}

function adviceOf(topic: HelpTopic, names: ConnectionNames): string {
  switch (topic) {
    case 'allow-origin':
      return (
        `The daemon at ${names.address} only talks to pages that it serves itself, and this page comes from ` +
        `${names.pageOrigin}. Open the address that “holdfast daemon status” prints, or use the desktop app, ` +
        'which sends no origin. Only allow another origin if every page of it may type into your terminals.'
      );
    case 'allow-address':
      return (
        'The desktop app lets this page reach only the addresses in its capability file. What is missing there ' +
        'is named below; whoever builds the app adds it.'
      );
    case 'get-in':
      return (
        'This daemon is protected by a key. Open the address that “holdfast daemon status” prints on its machine, ' +
        'or use the desktop app there, which brings the key along.'
      );
    case 'update':
      return (
        `This window is version ${names.appVersion}. Update the older of the two and restart it: ` +
        '“holdfast daemon restart” for the daemon, reopening for this window. Restarting the daemon ends the ' +
        'programs in its terminals.'
      );
  }
}
