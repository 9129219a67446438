// SPDX-License-Identifier: GPL-3.0-or-later
import { dismiss, toasts } from '../state/toasts.ts';
import { t } from '../strings/index.ts';
import { Button } from './button.tsx';

export function Toasts() {
    return (
        <div class="toasts" role="status" aria-live="polite">
            {toasts.value.map((one) => (
                <div key={one.id} class={`toast ${one.bad ? 'bad' : ''}`}>
                    <span class="grow">{one.text}</span>
                    {one.action && <Button kind="tight" act={() => (dismiss(one.id), one.action!.run())}>{one.action.label}</Button>}
                    <Button kind="tight" icon="close" label={t.dismiss} act={() => dismiss(one.id)} />
                </div>
            ))}
        </div>
    );
}
