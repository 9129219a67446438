// SPDX-License-Identifier: GPL-3.0-or-later
import { signal } from '@preact/signals';

// The demo video of the first account is just being made.
export const making_demo = signal(false);
