// SPDX-License-Identifier: GPL-3.0-or-later
import { signal } from '@preact/signals';

export type Tab = 'media' | 'audio' | 'voices' | 'avatars' | 'add';
// Open, at this tab; `into`: what is chosen becomes this property of the selected layer instead of a new layer.
export const drawer = signal<{ tab: Tab; into?: string } | null>(null);
