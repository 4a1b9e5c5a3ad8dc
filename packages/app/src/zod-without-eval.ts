/** Keeps the schemas from compiling themselves with `new Function`, which the page's CSP forbids. Imported first. */
import { config } from 'zod';

config({ jitless: true });
