/** The page: connects, sends what is typed, and writes down everything that happens. */
import { createPluginTransportFactory } from 'tauri-plugin-daemon-transport-api';

const createTransport = createPluginTransportFactory();
let transport: ReturnType<typeof createTransport> | undefined;

function tell(what: string, detail?: unknown): void {
  const line = document.createElement('li');
  line.textContent = detail === undefined ? what : `${what} ${JSON.stringify(detail)}`;
  document.querySelector('#log')?.append(line);
}

function connect(url: string): void {
  transport?.close();
  transport = createTransport({ url });
  transport.onOpen(() => tell('open'));
  transport.onMessage((data) => tell('message', data));
  transport.onError((error) => tell('error', error));
  transport.onClose((event) => tell('close', event));
}

/** Calls `use` with the text of a form's field when the form is submitted. */
function onSubmit(form: string, use: (text: string) => void): void {
  document.querySelector(form)?.addEventListener('submit', (event) => {
    event.preventDefault();
    use(document.querySelector<HTMLInputElement>(`${form} input`)?.value ?? '');
  });
}

onSubmit('#address', connect);
onSubmit('#message', (text) => transport?.send(text));
