// SPDX-License-Identifier: GPL-3.0-or-later
// Fields with their label, a help line, and what is wrong with them beneath.
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { Icon } from './icon.tsx';

type Input = JSX.IntrinsicElements['input'] & { label: string; help?: ComponentChildren; wrong?: string };

export function TextField({ label, help, wrong, ...rest }: Input) {
    const id = useId();
    return (
        <div class="field">
            <label class="label" for={id}>{label}</label>
            <input id={id} class="input" aria-invalid={wrong ? true : undefined} aria-describedby={help || wrong ? `${id}-more` : undefined} {...rest} />
            {(wrong || help) && <span id={`${id}-more`} class={wrong ? 'small' : 'help'}>{wrong ?? help}</span>}
        </div>
    );
}

export function AreaField({ label, help, ...rest }: JSX.IntrinsicElements['textarea'] & { label: string; help?: ComponentChildren }) {
    const id = useId();
    return (
        <div class="field">
            <label class="label" for={id}>{label}</label>
            <textarea id={id} class="input" aria-describedby={help ? `${id}-more` : undefined} {...rest} />
            {help && <span id={`${id}-more`} class="help">{help}</span>}
        </div>
    );
}

export function Select({ label, choices, ...rest }: Omit<JSX.IntrinsicElements['select'], 'label'> & { label: string; choices: Array<[string, string]> }) {
    const id = useId();
    return (
        <div class="field">
            <label class="label" for={id}>{label}</label>
            <select id={id} class="input" {...rest}>
                {choices.map(([value, text]) => <option key={value} value={value} selected={rest.value === value}>{text}</option>)}
            </select>
        </div>
    );
}

export function Check({ label, ...rest }: JSX.IntrinsicElements['input'] & { label: ComponentChildren }) {
    return <label class="check"><input type="checkbox" {...rest} /><span>{label}</span></label>;
}

export function Failure({ children, action }: { children: ComponentChildren; action?: ComponentChildren }) {
    return <div class="error" role="alert"><Icon name="warning" /><span class="grow">{children}</span>{action}</div>;
}
