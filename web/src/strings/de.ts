// SPDX-License-Identifier: GPL-3.0-or-later
import type { Strings } from './index.ts';
import { en } from './en.ts';
export const de: Strings = en;
