#!/usr/bin/env node
// The command's entry, written by hand and always there: npm links a command only where its file exists when it
// installs, which is before anything is built.
import '../dist/command/main.js';
