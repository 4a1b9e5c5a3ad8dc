/** The last resort for a defect of the page: says so, keeps the person's terminals out of doubt, and offers a reload. */
import { Component, type ReactNode } from 'react';

type State = { readonly error: Error | null };

export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <main className="crash">
        <h1>This window met a defect of its own.</h1>
        <p>Your terminals go on running in the daemon. Reloading the window shows them again.</p>
        <pre className="log">{error.message}</pre>
        <button
          type="button"
          className="button button-primary"
          onClick={() => {
            window.location.reload();
          }}
        >
          Reload
        </button>
      </main>
    );
  }
}
