/** Constants that the build writes into the code (vite.config.ts). */
declare const __APP_VERSION__: string;
