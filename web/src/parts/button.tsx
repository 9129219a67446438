// SPDX-License-Identifier: GPL-3.0-or-later
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { tell } from '../state/toasts.ts';
import { Icon, type IconName } from './icon.tsx';

type Own = { icon?: IconName; kind?: string; label?: string; act?: (event: MouseEvent) => unknown; children?: ComponentChildren };
type Props = Own & Omit<JSX.IntrinsicElements['button'], 'icon' | 'label' | 'kind'>;

// A button that is busy while what it does takes time, and tells when that fails. `label` alone makes it an icon.
export function Button({ icon, kind = '', label, act, children, disabled, ...rest }: Props) {
    const [busy, set_busy] = useState(false);
    const click = (event: MouseEvent) => {
        const done = act?.(event);
        if (!(done instanceof Promise))
            return;
        set_busy(true);
        done.catch(tell).finally(() => set_busy(false));
    };
    return (
        <button type="button" class={`button ${kind} ${children ? '' : 'icon'}`} title={children ? undefined : label} aria-label={label} onClick={act ? click : undefined} disabled={disabled || busy} {...rest}>
            {busy ? <span class="spinner" /> : icon && <Icon name={icon} />}
            {children}
        </button>
    );
}
