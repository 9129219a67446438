// SPDX-License-Identifier: GPL-3.0-or-later
import { render } from 'preact';
import { App } from './app/app.tsx';
import { apply_theme } from './state/theme.ts';
import { load_language } from './strings/index.ts';

apply_theme();
await load_language();
const place = document.getElementById('app')!;
place.replaceChildren();
render(<App />, place);
